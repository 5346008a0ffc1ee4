import { hex, type Plan, type RegisterStep, type Step } from '../../model/index.ts';
import type { Law } from './law.ts';

/** PCI Express has 4 KiB of configuration space at most; it is region 7 (VFIO_PCI_CONFIG_REGION_INDEX, linux/vfio.h). */
const PCI_CONFIGURATION = { index: 7, size: 4096n } as const;

/** Where a register is, and of how many bytes. */
interface Place {
  readonly register: string;
  readonly index: number;
  readonly offset: bigint;
  readonly width: number;
}

/** A region that was asked about: its size where the plan says it, and whether it is of a PCI function. */
interface Region {
  readonly size: bigint | null;
  readonly pci: boolean;
}

/**
 * What reaches into a device is a plugin's of the plan, stays inside a region that was asked about before, and is one access
 * of the register's own width. Whoever wrote the plan: a register is as dangerous as a driver.
 */
export const checkRegisters: Law = function* (plan) {
  const plugins = new Set(plan.plugins.map(({ name }) => name));
  const ours = new Regions();
  for (const step of [...plan.up, ...plan.down]) yield* checkStep(step, plugins, ours);
  const others = new Regions();
  for (const step of plan.recover ?? []) yield* checkStep(step, plugins, others);
};

/** What a list of steps has found out about regions so far. */
class Regions {
  private readonly buses = new Map<string, string>();
  private readonly known = new Map<string, Region>();

  learn(step: Step): void {
    if (step.kind === 'open-device') this.buses.set(step.handle, step.device.bus);
    if (step.kind !== 'check-region-info') return;
    const pci = this.buses.get(step.deviceHandle) === 'pci';
    this.known.set(`${step.deviceHandle}/${step.index}`, { size: step.size ?? null, pci });
  }

  of(deviceHandle: string, index: number): Region | undefined {
    return this.known.get(`${deviceHandle}/${index}`);
  }
}

function* checkStep(step: Step, plugins: ReadonlySet<string>, regions: Regions): Generator<string> {
  regions.learn(step);
  if ('plugin' in step && !plugins.has(step.plugin)) {
    yield `${step.id} is said to be of ${step.plugin}, which is no plugin of the plan.`;
  }
  if (!isRegisterStep(step)) return;
  yield* checkPlace(step, step, step.deviceHandle, regions);
  yield* checkValues(step);
  if (regions.of(step.deviceHandle, step.index)?.pci && step.index === PCI_CONFIGURATION.index) {
    yield* checkConfiguration(step);
  }
  if (!step.when) return;
  yield* checkPlace(step, step.when, step.deviceHandle, regions);
  yield* checkBits(step, step.when);
}

export const isRegisterStep = (step: Step): step is RegisterStep =>
  step.kind === 'write-region' ||
  step.kind === 'modify-region' ||
  step.kind === 'expect-region' ||
  step.kind === 'poll-region';

function* checkPlace(
  step: Step,
  { register, index, offset, width }: Place,
  deviceHandle: string,
  regions: Regions,
): Generator<string> {
  const region = regions.of(deviceHandle, index);
  if (!region) {
    yield `${step.id} reaches into region ${index} of ${deviceHandle}, of which nothing was asked before.`;
    return;
  }
  const limit = region.size ?? (region.pci && index === PCI_CONFIGURATION.index ? PCI_CONFIGURATION.size : null);
  if (limit !== null && offset + BigInt(width) > limit) {
    yield `${step.id} reaches for ${register} at ${hex(offset)}, outside the ${hex(limit)} bytes of region ${index}.`;
  }
  if (offset % BigInt(width) !== 0n) {
    yield `${step.id} reaches for ${register} at ${hex(offset)}, which is not aligned to its ${width} bytes.`;
  }
}

/** The command register, and the bits that make a function decode or master the bus (PCI Local Bus Specification 3.0, 6.2.2). */
const PCI_COMMAND = { offset: 4n, width: 2, active: 0x7n } as const;

/** The configuration space says where a function's registers are and what it may do: a plan only ever turns that off. */
function* checkConfiguration(step: RegisterStep): Generator<string> {
  if (step.kind !== 'write-region' && step.kind !== 'modify-region') return;
  if (step.offset !== PCI_COMMAND.offset || step.width !== PCI_COMMAND.width) {
    yield `${step.id} writes ${step.register} in the configuration space, where a plan writes PCI_COMMAND only.`;
    return;
  }
  const set = step.kind === 'write-region' ? step.value : step.set;
  if ((set & PCI_COMMAND.active) !== 0n) yield `${step.id} turns on what PCI_COMMAND has off: ${hex(set)}.`;
}

function* checkValues(step: RegisterStep): Generator<string> {
  switch (step.kind) {
    case 'write-region':
      yield* checkFits(step, step.width, step.value);
      break;
    case 'modify-region':
      yield* checkFits(step, step.width, step.clear, step.set);
      break;
    case 'expect-region':
    case 'poll-region':
      yield* checkBits(step, step);
      break;
  }
}

function* checkBits(
  step: Step,
  { width, mask, equals }: { readonly width: number; readonly mask: bigint; readonly equals: bigint },
): Generator<string> {
  yield* checkFits(step, width, mask, equals);
  if ((equals & ~mask) !== 0n) yield `${step.id} waits for bits that its mask leaves out.`;
}

function* checkFits(step: Step, width: number, ...values: readonly bigint[]): Generator<string> {
  for (const value of values) {
    if (value >> BigInt(8 * width) !== 0n) yield `${step.id} has ${hex(value)} for a register of ${width} bytes.`;
  }
}

/** What a step does to a register, and when, as words that can be compared. */
export const wordsOfRegister = (step: RegisterStep): string => {
  const { when } = step;
  const condition = when ? ` if ${placeOf(when)} &${hex(when.mask)} ${hex(when.equals)}` : '';
  return `${step.kind} ${placeOf(step)} ${accessOf(step)}${condition}`;
};

const placeOf = ({ index, offset, width, order = 'little' }: Place & Pick<RegisterStep, 'order'>): string =>
  `${index}+${hex(offset)}/${width} ${order}`;

function accessOf(step: RegisterStep): string {
  switch (step.kind) {
    case 'write-region':
      return hex(step.value);
    case 'modify-region':
      return `~${hex(step.clear)} |${hex(step.set)}`;
    case 'expect-region':
    case 'poll-region':
      return `&${hex(step.mask)} ${hex(step.equals)}`;
  }
}

/** A step that is part of silencing a device. */
export const isQuiescing = (step: Plan['up'][number]): step is RegisterStep =>
  isRegisterStep(step) && step.part === 'quiesce';
