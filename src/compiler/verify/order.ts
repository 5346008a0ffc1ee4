import type { Plan, RegisterStep, Step } from '../../model/index.ts';
import type { Law } from './law.ts';
import { isQuiescing, isRegisterStep, wordsOfRegister } from './registers.ts';

/** What has happened to a container so far. */
interface ContainerState {
  groups: Set<string>;
  hasIommu: boolean;
  mapped: boolean;
  interrupts: Set<string>;
  devices: Set<string>;
  /** The open devices that the way back has not silenced yet. */
  loud: Set<string>;
}

/**
 * What comes before what: groups, then the IOMMU model, then devices (R-ORDER-1); devices, which the kernel silences as
 * it opens them, before mappings (R-ORDER-2); mappings before interrupts (R-ORDER-3); and all of it backwards on the way
 * back (R-ORDER-4).
 */
export const checkOrder: Law = function* (plan) {
  const tracker = new OrderTracker();
  for (const step of plan.up) yield* tracker.up(step);
  for (const step of plan.down) yield* tracker.down(step);
};

class OrderTracker {
  private readonly containers = new Map<string, ContainerState>();
  private readonly containerOfGroup = new Map<string, string>();
  private readonly containerOfDevice = new Map<string, string>();
  private readonly versionChecked = new Set<string>();
  private readonly viable = new Set<string>();
  private readonly silenced = new Set<string>();
  /** Open devices that nothing but a reset silences: those of PCI have a command register besides. */
  private readonly onlyByReset = new Set<string>();
  /** Devices that `up` resets, and so must the way back. */
  private readonly resettable = new Set<string>();
  private readonly unmasked = new Set<string>();
  /** What `up` does to silence a device, in order: the way back has to do the same. */
  private readonly programs = new Map<string, string[]>();
  /** How far the way back has come with it. */
  private readonly repeated = new Map<string, number>();

  private state(container: string): ContainerState {
    let state = this.containers.get(container);
    if (!state) {
      state = {
        groups: new Set(),
        hasIommu: false,
        mapped: false,
        interrupts: new Set(),
        devices: new Set(),
        loud: new Set(),
      };
      this.containers.set(container, state);
    }
    return state;
  }

  private ofDevice(device: string): ContainerState {
    return this.state(this.containerOfDevice.get(device) ?? '');
  }

  *up(step: Plan['up'][number]): Generator<string> {
    if (isRegisterStep(step)) {
      const { deviceHandle } = step;
      if (this.ofDevice(deviceHandle).mapped) yield `${step.id} reaches into a device after memory is mapped.`;
      if (!isQuiescing(step)) return;
      this.programs.set(deviceHandle, [...(this.programs.get(deviceHandle) ?? []), wordsOfRegister(step)]);
      return;
    }
    switch (step.kind) {
      case 'check-api-version':
        this.versionChecked.add(step.container);
        break;
      case 'check-group-viable':
        this.viable.add(step.groupHandle);
        break;
      case 'set-container': {
        if (!this.versionChecked.has(step.container)) yield `${step.id} comes before the API version is checked.`;
        if (!this.viable.has(step.groupHandle)) yield `${step.id} comes before the group is known to be viable.`;
        this.containerOfGroup.set(step.groupHandle, step.container);
        this.state(step.container).groups.add(step.groupHandle);
        break;
      }
      case 'set-iommu': {
        const state = this.state(step.container);
        if (state.groups.size === 0) yield `${step.id} sets the IOMMU model of a container without a group.`;
        if (state.hasIommu) yield `${step.id} sets an IOMMU model that is set already.`;
        state.hasIommu = true;
        break;
      }
      case 'open-device':
        yield* this.openDevice(step);
        break;
      case 'map-dma': {
        const state = this.state(step.container);
        if (!state.hasIommu) yield `${step.id} maps memory before the IOMMU model is set.`;
        if (state.interrupts.size > 0) yield `${step.id} maps memory after interrupts are connected.`;
        state.mapped = true;
        break;
      }
      case 'reset-device':
        if (this.ofDevice(step.deviceHandle).mapped) yield `${step.id} resets a device after memory is mapped.`;
        this.resettable.add(step.deviceHandle);
        break;
      case 'hot-reset':
        if (this.ofDevice(step.deviceHandle).mapped) yield `${step.id} resets a bus after memory is mapped.`;
        break;
      case 'set-irqs':
        this.ofDevice(step.deviceHandle).interrupts.add(interruptOf(step));
        break;
      case 'set-irq-unmask':
        if (!this.ofDevice(step.deviceHandle).interrupts.has(interruptOf(step))) {
          yield `${step.id} unmasks an interrupt that is not connected.`;
        }
        this.unmasked.add(interruptOf(step));
        break;
      default:
        break;
    }
  }

  private *openDevice(step: Extract<Step, { kind: 'open-device' }>): Generator<string> {
    const container = this.containerOfGroup.get(step.groupHandle) ?? '';
    const state = this.state(container);
    if (!state.hasIommu) yield `${step.id} opens a device before its container has an IOMMU model.`;
    if (state.mapped) yield `${step.id} opens a device after memory is mapped that it can reach.`;
    if (state.interrupts.size > 0) yield `${step.id} opens a device after interrupts are connected.`;
    state.devices.add(step.handle);
    state.loud.add(step.handle);
    if (step.device.bus !== 'pci') this.onlyByReset.add(step.handle);
    this.containerOfDevice.set(step.handle, container);
  }

  *down(step: Plan['down'][number]): Generator<string> {
    if (isRegisterStep(step)) {
      const { deviceHandle } = step;
      if (this.ofDevice(deviceHandle).interrupts.size > 0) yield `${step.id} comes before the interrupts are off.`;
      if (isQuiescing(step)) this.repeat(step, wordsOfRegister(step));
      return;
    }
    switch (step.kind) {
      case 'clear-irqs':
        if (this.unmasked.has(interruptOf(step))) yield `${step.id} comes before its eventfd no longer unmasks.`;
        this.ofDevice(step.deviceHandle).interrupts.delete(interruptOf(step));
        break;
      case 'clear-irq-unmask':
        this.unmasked.delete(interruptOf(step));
        break;
      case 'reset-device':
        if (this.onlyByReset.has(step.deviceHandle) && !this.programs.has(step.deviceHandle)) {
          if (this.ofDevice(step.deviceHandle).interrupts.size > 0)
            yield `${step.id} comes before the interrupts are off.`;
          this.silence(step.deviceHandle);
        }
        break;
      case 'unmap-dma': {
        const { interrupts, loud } = this.state(step.container);
        if (interrupts.size > 0) yield `${step.id} unmaps before the interrupts are off.`;
        for (const device of loud) {
          if (this.mustBeSilenced(device)) yield `${step.id} unmaps memory of ${device}, which has not been silenced.`;
        }
        break;
      }
      case 'close':
        yield* this.close(step);
        break;
      case 'unset-container': {
        const container = this.containerOfGroup.get(step.groupHandle) ?? '';
        if (this.state(container).devices.size > 0)
          yield `${step.id} leaves the container before its devices are closed.`;
        break;
      }
      default:
        break;
    }
  }

  private *close({ id, handle }: Extract<Step, { kind: 'close' }>): Generator<string> {
    if (!this.containerOfDevice.has(handle)) return;
    const state = this.ofDevice(handle);
    if (!this.silenced.has(handle) && this.mustBeSilenced(handle))
      yield `${id} closes a device that has not been silenced.`;
    if (state.interrupts.size > 0) yield `${id} comes before the interrupts are off.`;
    state.devices.delete(handle);
    state.loud.delete(handle);
  }

  /**
   * A device is silent once the way back has done all that `up` did to silence it, in that order. Where that was nothing,
   * as of PCI functions, which the kernel silences as it opens them, it takes at least one write.
   */
  private repeat(step: RegisterStep, words: string): void {
    const device = step.deviceHandle;
    const program = this.programs.get(device) ?? [];
    if (program.length === 0 && step.kind !== 'write-region' && step.kind !== 'modify-region') return;
    const done = this.repeated.get(device) ?? 0;
    const next = program[done] === words ? done + 1 : done;
    this.repeated.set(device, next);
    if (next >= program.length) this.silence(device);
  }

  private silence(device: string): void {
    this.silenced.add(device);
    this.ofDevice(device).loud.delete(device);
  }

  /**
   * Every PCI function can be silenced. Another device can where `up` silences or resets it too; one without a way to
   * reset it is assigned only where the manifest says `reset: none` (R-RESET-3).
   */
  private mustBeSilenced(device: string): boolean {
    return !this.onlyByReset.has(device) || this.resettable.has(device) || this.programs.has(device);
  }
}

const interruptOf = (step: { readonly deviceHandle: string; readonly index: string | number }): string =>
  `${step.deviceHandle}/${step.index}`;
