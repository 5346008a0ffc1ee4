import { leavesGroupViable } from '../../../model/inventory.ts';
import type { SimDevice, SimGroup } from './state.ts';

/** Whether a driver would use the DMA API for this device, and so own the DMA of its group. */
export const doesDma = (device: SimDevice, driver: string | null): boolean =>
  !leavesGroupViable({ ...device.info, driver });

/** Whether nobody but VFIO, or nobody at all, does DMA in the group (R-GROUP-1). */
export const isViable = (group: SimGroup): boolean => !group.members.some((device) => doesDma(device, device.driver));
