/** The vocabulary of plugins. Authors import it from `vfio-compose/plugin`. */
export * from './iommu-plugin.ts';
export * from './plugin.ts';
export * from './register-bank.ts';
export * from './registers.ts';
export * from './reset-plugin.ts';
export * from './simulation.ts';
