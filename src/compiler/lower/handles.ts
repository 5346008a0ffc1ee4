import type { ResolvedDevice } from '../../model/index.ts';

/** The descriptor of a device, as a plan calls it. */
export const deviceHandle = (device: ResolvedDevice): string => `device:${device.device.address}`;

/** The descriptor of a VM's container. */
export const containerHandle = (vm: string): string => `container#${vm}`;
