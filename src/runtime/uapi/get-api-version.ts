import type { Fd, Kernel } from '../kernel/port.ts';
import { call, defineIoctl } from './ioctl.ts';

export const GET_API_VERSION = defineIoctl('VFIO_GET_API_VERSION', 'container', 0, {
  EINVAL: 'The file is not a VFIO container.',
});

/** `VFIO_API_VERSION`: the only one there has been. 0 is the good answer (drivers/vfio/container.c). */
export const API_VERSION = 0;

export const getApiVersion = (kernel: Kernel, container: Fd): number => call(kernel, GET_API_VERSION, container, null);
