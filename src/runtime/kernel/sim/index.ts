export type { DeviceModel, RegisterModel, SimulationOptions } from './options.ts';
export { RegisterBank, type ResetValues } from './register-bank.ts';
export { SimulatedKernel, type BlockedWrite, type DeviceState } from './simulated-kernel.ts';
