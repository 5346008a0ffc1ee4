import { resetHandlerOf } from '../../devicetree/reset-handler.ts';
import { type HostIndex, hex, type ResolvedPlatformDevice } from '../../model/index.ts';
import { refOf } from './binding.ts';
import { type Exposed, exposedBy, regionFlags, triggerOf } from './correlation.ts';
import { deviceHandle } from './handles.ts';
import type { KernelReset, ProgramStep } from './program.ts';
import { checkRegions, lowerProgram } from './programs.ts';
import type { StepList } from './steps.ts';

/** What the steps of one platform or AMBA device have in common. */
interface Subject {
  readonly device: ResolvedPlatformDevice;
  readonly address: string;
  readonly resource: string;
  readonly deviceHandle: string;
  /** The module that resets it; null where the host has none. */
  readonly handler: string | null;
  /**
   * `preferred` asks the kernel for what it has; `required` asks in any case: it may know a way that nobody sees. Where a
   * plugin resets the device, the kernel is asked only for what it is known to have.
   */
  readonly resets: boolean;
}

function subjectOf(device: ResolvedPlatformDevice, host: HostIndex): Subject {
  const { address } = device.device;
  const handler = resetHandlerOf(host, device.device);
  return {
    device,
    address,
    resource: `device ${address}`,
    deviceHandle: deviceHandle(device),
    handler,
    resets: device.reset !== 'none' && (handler !== null || (device.reset === 'required' && device.resetBy === null)),
  };
}

/**
 * Steps that open a platform device, hold what the kernel says of it against the device tree (R-TREE-2), and make sure
 * that it is silent before memory is mapped (R-ORDER-2). The kernel runs its reset handler at the first open and at the
 * last close as well (vfio_platform_open_device and _close_device in drivers/vfio/platform/vfio_platform_common.c).
 *
 * @param before what silences and resets it before it is used.
 * @param touched the regions that its programs reach into.
 * @param groupHandle of the group that it is opened through.
 * @returns the steps after which memory may be mapped.
 */
export function lowerPlatformDevice(
  device: ResolvedPlatformDevice,
  before: readonly ProgramStep[],
  touched: readonly number[],
  groupHandle: string,
  host: HostIndex,
  steps: StepList,
  after: readonly string[],
): string[] {
  const subject = subjectOf(device, host);
  const { address, resource, handler } = subject;
  const handle = subject.deviceHandle;
  const at = device.at;
  const cause = `${device.name} of ${device.vm}${handler === null ? '' : `; the kernel runs ${handler} as it opens`}`;
  const details = { handle, groupHandle, device: refOf(device.device) };
  const open = steps.add('open-device', address, { resource, cause, at, after }, details);
  steps.undo('close', open, handle, { resource, cause: closeCause(subject) }, { handle });

  const exposed = exposedBy(device, host);
  const info = checkDevice(subject, exposed, steps, open);
  const checks = exposed === null ? checkDemands(subject, steps, info) : checkTree(subject, exposed, host, steps, info);
  // Without a tree the manifest's own demands may have asked about a region already.
  const asked =
    exposed === null ? device.regions.map(({ index }) => index) : exposed.regions.map(({ vfioIndex }) => vfioIndex);
  const more = checkRegions(
    device,
    touched.filter((index) => !asked.includes(index)),
    steps,
    info,
  );
  return lowerProgram(device, before, steps, [info, ...checks, ...more]);
}

/** What the kernel is asked for between silencing and resetting a device; null where it has nothing for it. */
export function kernelResetOf(device: ResolvedPlatformDevice, host: HostIndex): KernelReset | null {
  const subject = subjectOf(device, host);
  if (!subject.resets) return null;
  // What a plugin has silenced and proves itself does not hang on the kernel's handler.
  return { cause: resetCause(subject), bestEffort: device.reset === 'preferred' || device.resetBy !== null };
}

const resetCause = ({ device, handler }: Subject): string =>
  `reset: ${device.reset}; by ${handler ?? 'whatever the kernel has for it'}`;

/** What becomes of the device when its last descriptor goes. Where nothing silences it, the plan says so. */
function closeCause({ device, handler, resets }: Subject): string {
  if (handler !== null) return `the kernel runs ${handler} again`;
  if (device.resetBy !== null) return `it was silenced before; the kernel has no handler of its own`;
  if (resets) return 'the kernel resets it again';
  return `UNSAFE: reset: ${device.reset}, and the kernel has no handler: it goes back with whatever DMA and interrupts its user left on`;
}

function checkDevice(subject: Subject, exposed: Exposed | null, steps: StepList, open: string): string {
  const { device, address, resource, resets } = subject;
  const { bus } = refOf(device.device);
  const cause = exposed === null ? `must answer as a device of bus ${bus}` : `must be what ${exposed.path} describes`;
  return steps.add(
    'check-device-info',
    address,
    { resource, cause, at: device.at, after: [open] },
    {
      deviceHandle: subject.deviceHandle,
      bus,
      ...exposed?.counts,
      ...(resets && device.resetBy === null ? { reset: true as const } : {}),
    },
  );
}

/** One check for each region and interrupt that the tree says VFIO exposes. */
function checkTree(subject: Subject, exposed: Exposed, host: HostIndex, steps: StepList, info: string): string[] {
  const { device, address, resource, deviceHandle: handle } = subject;
  const regions = exposed.regions.flatMap((row) => {
    const { vfioIndex, size, property, dtIndex, name } = row;
    // Linux gives a region of no bytes a number too; there is nothing to hold against it.
    if (size === 0n) return [];
    const where = row.address === null ? '' : ` at ${hex(row.address)}`;
    const cause = `${property} entry ${dtIndex}${name === null ? '' : ` "${name}"`}${where}`;
    const at = device.regions.find(({ index }) => index === vfioIndex)?.at ?? device.at;
    const flags = regionFlags(row, host.inventory.kernel.pageSize);
    const expected = { deviceHandle: handle, index: vfioIndex, size, ...(flags.length > 0 ? { flags } : {}) };
    return [
      steps.add('check-region-info', `${address}/${vfioIndex}`, { resource, cause, at, after: [info] }, expected),
    ];
  });
  const interrupts = exposed.interrupts.map((row) => {
    const { vfioIndex, property, dtIndex, name, controller, hwirq } = row;
    const line = hwirq === null ? '' : `, ${hwirq} of ${controller}`;
    const cause = `${property} entry ${dtIndex}${name === null ? '' : ` "${name}"`}${line}`;
    const at = device.irqs.find(({ index }) => index === vfioIndex)?.at ?? device.at;
    const trigger = triggerOf(row);
    const expected = { deviceHandle: handle, index: vfioIndex, count: 1, ...(trigger ? { trigger } : {}) };
    return steps.add('check-irq-info', `${address}/${vfioIndex}`, { resource, cause, at, after: [info] }, expected);
  });
  const correlated = host.inventory.vfio.devtreeInfo === true ? checkDevtree(subject, exposed, steps, info) : [];
  return [...regions, ...interrupts, ...correlated];
}

/** R-TREE-5: a kernel that knows the tree must say of each region and interrupt what the tree says. */
function checkDevtree(subject: Subject, exposed: Exposed, steps: StepList, info: string): string[] {
  const { device, address, resource, deviceHandle: handle } = subject;
  return [...exposed.regions, ...exposed.interrupts].map((row) =>
    steps.add(
      'check-devtree-info',
      `${address}/${row.kind}/${row.vfioIndex}`,
      { resource, cause: 'the kernel must see the tree as this plan does', at: device.at, after: [info] },
      { deviceHandle: handle, type: row.kind, index: row.vfioIndex, path: row.path, dtIndex: row.dtIndex },
    ),
  );
}

/** Without a tree, what the manifest itself asks for must be there. */
function checkDemands(subject: Subject, steps: StepList, info: string): string[] {
  const { device, address, resource, deviceHandle: handle } = subject;
  const regions = device.regions.map(({ index, mmap, at }) =>
    steps.add(
      'check-region-info',
      `${address}/${index}`,
      { resource, cause: `regions of ${device.name}`, at, after: [info] },
      { deviceHandle: handle, index, ...(mmap === 'required' ? { flags: ['mmap' as const] } : {}) },
    ),
  );
  const interrupts = device.irqs.map(({ index, at }) =>
    steps.add(
      'check-irq-info',
      `${address}/${index}`,
      { resource, cause: `irqs of ${device.name}`, at, after: [info] },
      { deviceHandle: handle, index, count: 1 },
    ),
  );
  return [...regions, ...interrupts];
}
