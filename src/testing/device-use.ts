import type { DeviceUse } from '../model/index.ts';

/** A process that has a device open; what is not said is made up. */
export const deviceUse = (shape: Partial<DeviceUse> = {}): DeviceUse => ({
  pid: 4242,
  command: 'guestd',
  commandLine: 'guestd --ram 4G',
  user: 'operator',
  how: 'open',
  file: '/dev/vfio/31',
  certain: true,
  ...shape,
});
