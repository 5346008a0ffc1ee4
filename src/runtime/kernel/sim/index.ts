export type { DeviceModel, SimulationOptions } from './options.ts';
export { pluginBackends } from './plugin-backends.ts';
export { SimulatedKernel, type BlockedWrite, type DeviceState } from './simulated-kernel.ts';
