/** Where the guest sees the work folder. On its own tmpfs, so that it exists in any root. */
export const GUEST_WORK = '/run/kernel-test';

/** Where the guest sees `modules/<release>`, with depmod's index, for the scenario that loads modules itself. */
export const GUEST_MODULES = '/run/kernel-modules';

/** In the work folder: programs that the outside has compiled for the guest. */
export const COMPILED = 'compiled';
