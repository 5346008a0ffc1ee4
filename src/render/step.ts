import { formatBytes, hex, type Step, unreachable } from '../model/index.ts';
import { describeRegisterStep } from './register-step.ts';

const u64 = (value: bigint): string => hex(value);
const range = (iova: bigint, size: bigint): string => `${u64(iova)}-${u64(iova + size - 1n)} (${formatBytes(size)})`;
const device = (step: { device: { bus: string; address: string } }): string =>
  `/sys/bus/${step.device.bus}/devices/${step.device.address}`;
const driver = (step: { device: { bus: string }; driver: string | null }): string =>
  `/sys/bus/${step.device.bus}/drivers/${step.driver}`;
const pages = (pageSize: bigint | null): string => (pageSize === null ? '' : ` of ${formatBytes(pageSize)} pages`);

/** PCI's kinds of interrupt have names, those of other devices numbers. */
const interrupt = (index: string | number): string => (typeof index === 'number' ? `interrupt ${index}` : index);

/** What else an answer must say: `, 1 region, 3 interrupts, can be reset`. */
function expected({ regions, irqs, reset }: Extract<Step, { kind: 'check-device-info' }>): string {
  const count = (number: number, what: string) => `, ${number} ${what}${number === 1 ? '' : 's'}`;
  return [
    regions === undefined ? '' : count(regions, 'region'),
    irqs === undefined ? '' : count(irqs, 'interrupt'),
    reset === undefined ? '' : ', can be reset',
  ].join('');
}

/** A step in the words of the system call that it is: the file and what is written, or the ioctl and its arguments. */
export function describeStep(step: Step): string {
  switch (step.kind) {
    case 'load-module':
      return `modprobe ${step.module}`;
    case 'set-module-parameter':
      return `write ${step.value} to /sys/module/${step.module}/parameters/${step.parameter}`;
    case 'set-huge-pages':
    case 'set-vf-autoprobe':
    case 'set-vf-count':
    case 'set-memlock-limit':
      return describeReservation(step);
    case 'set-driver-override':
      return step.driver === null
        ? `clear ${device(step)}/driver_override`
        : `write ${step.driver} to ${device(step)}/driver_override`;
    case 'unbind-driver':
      return `write ${step.device.address} to ${driver(step)}/unbind`;
    case 'bind-driver':
      return `write ${step.device.address} to ${driver(step)}/bind`;
    case 'wait-node':
      return `wait for ${step.path}`;
    case 'chown-node':
      return `chown ${step.path} to ${step.uid}:${step.gid}`;
    case 'chmod-node':
      return `chmod ${step.path} to 0${step.mode.toString(8)}`;
    case 'open-container':
      return `open /dev/vfio/vfio as ${step.handle}`;
    case 'wait-noiommu-node':
      return `wait for the /dev/vfio/noiommu-N of ${step.device.address}`;
    case 'open-group':
      return `open /dev/vfio/${step.group} as ${step.handle}`;
    case 'open-noiommu-group':
      return `open the /dev/vfio/noiommu-N of ${step.device.address} as ${step.handle}`;
    case 'open-device':
      return `VFIO_GROUP_GET_DEVICE_FD ${step.groupHandle} ${step.device.address} as ${step.handle}`;
    case 'create-eventfd':
      return `eventfd as ${step.handle}`;
    case 'close':
      return `close ${step.handle}`;
    default:
      return describeCall(step);
  }
}

type Described =
  | 'load-module'
  | 'set-module-parameter'
  | 'set-huge-pages'
  | 'set-vf-autoprobe'
  | 'set-vf-count'
  | 'set-memlock-limit'
  | 'set-driver-override'
  | 'unbind-driver'
  | 'bind-driver'
  | 'wait-node'
  | 'chown-node'
  | 'chmod-node'
  | 'wait-noiommu-node'
  | 'open-container'
  | 'open-group'
  | 'open-noiommu-group'
  | 'open-device'
  | 'create-eventfd'
  | 'close';

function describeCall(step: Exclude<Step, { kind: Described }>): string {
  switch (step.kind) {
    case 'check-api-version':
      return `VFIO_GET_API_VERSION ${step.container} is 0`;
    case 'check-extension':
      return `VFIO_CHECK_EXTENSION ${step.container} has ${step.type}`;
    case 'check-group-viable':
      return `VFIO_GROUP_GET_STATUS ${step.groupHandle} is viable`;
    case 'set-container':
      return `VFIO_GROUP_SET_CONTAINER ${step.groupHandle} to ${step.container}`;
    case 'unset-container':
      return `VFIO_GROUP_UNSET_CONTAINER ${step.groupHandle}`;
    case 'set-iommu':
      return `VFIO_SET_IOMMU ${step.container} to ${step.type}`;
    case 'check-iommu-info':
      return `VFIO_IOMMU_GET_INFO ${step.container}: takes ${step.mappings} mapping${step.mappings === 1 ? '' : 's'} of ${formatBytes(step.pageSize)} pages`;
    case 'check-device-info':
      return `VFIO_DEVICE_GET_INFO ${step.deviceHandle} is ${step.bus}${expected(step)}`;
    case 'check-region-info':
      return `VFIO_DEVICE_GET_REGION_INFO ${step.deviceHandle} region ${step.index}${step.size === undefined ? '' : ` is ${formatBytes(step.size)}`}${step.flags === undefined ? '' : `, ${step.flags.join(', ')}`}`;
    case 'check-irq-info':
      return typeof step.index === 'number'
        ? `VFIO_DEVICE_GET_IRQ_INFO ${step.deviceHandle} interrupt ${step.index} is ${step.trigger ?? 'there'}`
        : `VFIO_DEVICE_GET_IRQ_INFO ${step.deviceHandle} ${step.index} has ${step.count}`;
    case 'check-devtree-info':
      return `VFIO_DEVICE_GET_DEVTREE_INFO ${step.deviceHandle} ${step.type} ${step.index} is ${step.path} [${step.dtIndex}]`;
    case 'reset-device':
      return `VFIO_DEVICE_RESET ${step.deviceHandle}`;
    case 'write-region':
    case 'modify-region':
    case 'expect-region':
    case 'poll-region':
      return describeRegisterStep(step);
    case 'delay':
      return `wait ${step.microseconds} µs for ${step.deviceHandle}`;
    case 'check-hot-reset':
      return `VFIO_DEVICE_GET_PCI_HOT_RESET_INFO ${step.deviceHandle}: hits none but ${step.owned.join(', ')}`;
    case 'hot-reset':
      return `VFIO_DEVICE_PCI_HOT_RESET ${step.deviceHandle} with ${step.groupHandles.join(', ')}`;
    case 'container-ioctl':
      return `${step.request} ${step.container}: ${step.meaning}`;
    case 'map-dma':
      return `VFIO_IOMMU_MAP_DMA ${step.container} ${range(step.iova, step.size)} ${step.access}`;
    case 'unmap-dma':
      return `VFIO_IOMMU_UNMAP_DMA ${step.container} ${range(step.iova, step.size)}`;
    case 'set-irqs':
    case 'clear-irqs':
    case 'set-irq-unmask':
    case 'clear-irq-unmask':
      return describeInterrupts(step);
    case 'create-memfd':
    case 'resize-memfd':
    case 'allocate-memory':
    case 'free-memory':
      return describeMemory(step);
    default:
      return unreachable(step);
  }
}

type OfKind<K extends Step['kind']> = Extract<Step, { kind: K }>;

function describeMemory(step: OfKind<'create-memfd' | 'resize-memfd' | 'allocate-memory' | 'free-memory'>): string {
  switch (step.kind) {
    case 'create-memfd':
      return `memfd_create${pages(step.pageSize)} as ${step.handle}`;
    case 'resize-memfd':
      return `ftruncate ${step.memfd} to ${formatBytes(step.size)}`;
    case 'allocate-memory':
      return `mmap ${formatBytes(step.size)}${pages(step.pageSize)}${step.memfd === null ? '' : ` of ${step.memfd}`} as ${step.handle}`;
    case 'free-memory':
      return `munmap ${step.memory}`;
    default:
      return unreachable(step);
  }
}

/** What a limit is in bytes. */
const limit = (bytes: bigint | null): string => (bytes === null ? 'no limit' : formatBytes(bytes));

function describeReservation(
  step: OfKind<'set-huge-pages' | 'set-vf-autoprobe' | 'set-vf-count' | 'set-memlock-limit'>,
): string {
  switch (step.kind) {
    case 'set-huge-pages':
      return `write ${step.pages}, from ${step.before}, to /sys/kernel/mm/hugepages/hugepages-${step.pageSize >> 10n}kB/nr_hugepages`;
    case 'set-vf-autoprobe':
      return `write ${step.on ? 1 : 0} to ${device(step)}/sriov_drivers_autoprobe`;
    case 'set-vf-count':
      return `write ${step.count} to ${device(step)}/sriov_numvfs`;
    case 'set-memlock-limit':
      return `setrlimit RLIMIT_MEMLOCK to ${limit(step.soft)}, at most ${limit(step.hard)}`;
    default:
      return unreachable(step);
  }
}

function describeInterrupts(step: OfKind<'set-irqs' | 'clear-irqs' | 'set-irq-unmask' | 'clear-irq-unmask'>): string {
  switch (step.kind) {
    case 'set-irqs':
      return typeof step.index === 'number'
        ? `VFIO_DEVICE_SET_IRQS ${step.deviceHandle} interrupt ${step.index}: ${step.eventfds.join(', ')} is signalled`
        : `VFIO_DEVICE_SET_IRQS ${step.deviceHandle} ${step.index}: ${step.eventfds.length} eventfds`;
    case 'clear-irqs':
      return `VFIO_DEVICE_SET_IRQS ${step.deviceHandle} ${interrupt(step.index)}: off`;
    case 'set-irq-unmask':
      return `VFIO_DEVICE_SET_IRQS ${step.deviceHandle} ${interrupt(step.index)}: ${step.eventfd} unmasks`;
    case 'clear-irq-unmask':
      return `VFIO_DEVICE_SET_IRQS ${step.deviceHandle} ${interrupt(step.index)}: no eventfd unmasks`;
    default:
      return unreachable(step);
  }
}
