export type { DeviceModel, SimulationOptions } from './options.ts';
export { SimulatedKernel, type BlockedWrite } from './simulated-kernel.ts';
export type { DeviceState } from './device-state.ts';
