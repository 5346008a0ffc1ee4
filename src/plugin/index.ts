/**
 * What a plugin's author imports: the vocabulary, what declares a plugin and its registers, and what its model of a device
 * is built on. docs/writing-a-reset-plugin.md starts from here.
 */
export type * from '../model/index.ts';
export {
  bytes,
  defineDiagnostic,
  formatBytes,
  hex,
  invariant,
  iova,
  isPci,
  lastOf,
  parseBdf,
  parseSize,
  physical,
  PLUGIN_API,
  rangesOverlap,
  RegisterBank,
  unreachable,
} from '../model/index.ts';
export { type Liodn, liodnOf } from '../devicetree/index.ts';
export * from './define.ts';
export * from './registers.ts';
export * from './run-program.ts';
