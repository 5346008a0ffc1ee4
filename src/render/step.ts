import { formatBytes, hex, type Step, unreachable } from '../model/index.ts';

const u64 = (value: bigint): string => hex(value);
const range = (iova: bigint, size: bigint): string => `${u64(iova)}-${u64(iova + size - 1n)} (${formatBytes(size)})`;
const device = (step: { device: { bus: string; address: string } }): string =>
  `/sys/bus/${step.device.bus}/devices/${step.device.address}`;
const driver = (step: { device: { bus: string }; driver: string | null }): string =>
  `/sys/bus/${step.device.bus}/drivers/${step.driver}`;
const pages = (pageSize: bigint | null): string => (pageSize === null ? '' : ` of ${formatBytes(pageSize)} pages`);

/** A step in the words of the system call that it is: the file and what is written, or the ioctl and its arguments. */
export function describeStep(step: Step): string {
  switch (step.kind) {
    case 'load-module':
      return `modprobe ${step.module}`;
    case 'set-module-parameter':
      return `write ${step.value} to /sys/module/${step.module}/parameters/${step.parameter}`;
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
    case 'open-group':
      return `open /dev/vfio/${step.group} as ${step.handle}`;
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
  | 'set-driver-override'
  | 'unbind-driver'
  | 'bind-driver'
  | 'wait-node'
  | 'chown-node'
  | 'chmod-node'
  | 'open-container'
  | 'open-group'
  | 'open-device'
  | 'create-eventfd'
  | 'close';

function describeCall(step: Exclude<Step, { kind: Described }>): string {
  switch (step.kind) {
    case 'check-api-version':
      return `VFIO_GET_API_VERSION ${step.container} is 0`;
    case 'check-extension':
      return `VFIO_CHECK_EXTENSION ${step.container} has ${step.extension}`;
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
      return `VFIO_DEVICE_GET_INFO ${step.deviceHandle} is ${step.bus}`;
    case 'check-region-info':
      return `VFIO_DEVICE_GET_REGION_INFO ${step.deviceHandle} region ${step.index}`;
    case 'check-irq-info':
      return `VFIO_DEVICE_GET_IRQ_INFO ${step.deviceHandle} ${step.index} has ${step.count}`;
    case 'reset-device':
      return `VFIO_DEVICE_RESET ${step.deviceHandle}`;
    case 'write-region':
      return `pwrite ${step.deviceHandle} reg${step.index}+${u64(step.offset)} ${step.register} = ${u64(step.value)}`;
    case 'create-memfd':
      return `memfd_create${pages(step.pageSize)} as ${step.handle}`;
    case 'resize-memfd':
      return `ftruncate ${step.memfd} to ${formatBytes(step.size)}`;
    case 'allocate-memory':
      return `mmap ${formatBytes(step.size)}${pages(step.pageSize)}${step.memfd === null ? '' : ` of ${step.memfd}`} as ${step.handle}`;
    case 'free-memory':
      return `munmap ${step.memory}`;
    case 'map-dma':
      return `VFIO_IOMMU_MAP_DMA ${step.container} ${range(step.iova, step.size)} ${step.access}`;
    case 'unmap-dma':
      return `VFIO_IOMMU_UNMAP_DMA ${step.container} ${range(step.iova, step.size)}`;
    case 'set-irqs':
      return `VFIO_DEVICE_SET_IRQS ${step.deviceHandle} ${step.index}: ${step.eventfds.length} eventfds`;
    case 'clear-irqs':
      return `VFIO_DEVICE_SET_IRQS ${step.deviceHandle} ${step.index}: off`;
    default:
      return unreachable(step);
  }
}
