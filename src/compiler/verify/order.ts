import type { Plan, Step } from '../../model/index.ts';
import type { Law } from './law.ts';

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
        state.mapped = true;
        break;
      }
      case 'set-irqs':
        this.ofDevice(step.deviceHandle).interrupts.add(`${step.deviceHandle}/${step.index}`);
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
    this.containerOfDevice.set(step.handle, container);
  }

  *down(step: Plan['down'][number]): Generator<string> {
    switch (step.kind) {
      case 'clear-irqs':
        this.ofDevice(step.deviceHandle).interrupts.delete(`${step.deviceHandle}/${step.index}`);
        break;
      case 'write-region':
        this.silenced.add(step.deviceHandle);
        this.ofDevice(step.deviceHandle).loud.delete(step.deviceHandle);
        break;
      case 'unmap-dma': {
        const { interrupts, loud } = this.state(step.container);
        if (interrupts.size > 0) yield `${step.id} unmaps before the interrupts are off.`;
        for (const device of loud) yield `${step.id} unmaps memory of ${device}, which has not been silenced.`;
        break;
      }
      case 'close':
        if (this.containerOfDevice.has(step.handle) && !this.silenced.has(step.handle)) {
          yield `${step.id} closes a device that has not been silenced.`;
        }
        if (this.ofDevice(step.handle).interrupts.size > 0) yield `${step.id} comes before the interrupts are off.`;
        this.ofDevice(step.handle).devices.delete(step.handle);
        this.ofDevice(step.handle).loud.delete(step.handle);
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
}
