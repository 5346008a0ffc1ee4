export type { DeviceModel, RegisterModel, SimulationOptions } from './options.ts';
export { SimulatedKernel, type BlockedWrite, type DeviceState } from './simulated-kernel.ts';
