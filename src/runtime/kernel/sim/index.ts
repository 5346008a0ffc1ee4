export type { DeviceModel, SimulationOptions } from './options.ts';
export { SimulatedKernel, type BlockedWrite, type DeviceState } from './simulated-kernel.ts';
