/** Variables that a process is given by vfio-compose, and that a manifest therefore does not set. */
export const isReservedVariable = (name: string): boolean => /^(LISTEN|VFIO_COMPOSE)_/.test(name);
