/**
 * What a plugin's author imports: the vocabulary, what declares a plugin and its registers, and what its model of a device
 * is built on. docs/writing-a-reset-plugin.md starts from here.
 */
export type * from '../model/index.ts';
export {
  BUS_METHODS,
  bytes,
  defineDiagnostic,
  describeDevice,
  formatBytes,
  hex,
  invariant,
  iova,
  isPci,
  isVfioDriver,
  lastOf,
  parseBdf,
  physical,
  PLUGIN_API,
  rangesOverlap,
  RegisterBank,
} from '../model/index.ts';
export * from './define.ts';

export * from './registers.ts';
export * from './run-program.ts';
