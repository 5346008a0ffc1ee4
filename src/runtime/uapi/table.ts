import { CHECK_EXTENSION } from './check-extension.ts';
import { DEVICE_GET_DEVTREE_INFO } from './device-get-devtree-info.ts';
import { DEVICE_GET_INFO } from './device-get-info.ts';
import { DEVICE_GET_IRQ_INFO } from './device-get-irq-info.ts';
import { DEVICE_GET_PCI_HOT_RESET_INFO } from './device-get-pci-hot-reset-info.ts';
import { DEVICE_GET_REGION_INFO } from './device-get-region-info.ts';
import { DEVICE_PCI_HOT_RESET } from './device-pci-hot-reset.ts';
import { DEVICE_RESET } from './device-reset.ts';
import { DEVICE_SET_IRQS } from './device-set-irqs.ts';
import { GET_API_VERSION } from './get-api-version.ts';
import { GROUP_GET_DEVICE_FD } from './group-get-device-fd.ts';
import { GROUP_GET_STATUS } from './group-get-status.ts';
import { GROUP_SET_CONTAINER } from './group-set-container.ts';
import { GROUP_UNSET_CONTAINER } from './group-unset-container.ts';
import type { Ioctl } from './ioctl.ts';
import { IOMMU_GET_INFO } from './iommu-get-info.ts';
import { IOMMU_MAP_DMA } from './iommu-map-dma.ts';
import { IOMMU_UNMAP_DMA } from './iommu-unmap-dma.ts';
import { SET_IOMMU } from './set-iommu.ts';

/** Every ioctl that vfio-compose uses. */
export const IOCTLS: readonly Ioctl[] = [
  GET_API_VERSION,
  CHECK_EXTENSION,
  SET_IOMMU,
  GROUP_GET_STATUS,
  GROUP_SET_CONTAINER,
  GROUP_UNSET_CONTAINER,
  GROUP_GET_DEVICE_FD,
  DEVICE_GET_INFO,
  DEVICE_GET_DEVTREE_INFO,
  DEVICE_GET_REGION_INFO,
  DEVICE_GET_IRQ_INFO,
  DEVICE_SET_IRQS,
  DEVICE_RESET,
  DEVICE_GET_PCI_HOT_RESET_INFO,
  DEVICE_PCI_HOT_RESET,
  IOMMU_GET_INFO,
  IOMMU_MAP_DMA,
  IOMMU_UNMAP_DMA,
];
