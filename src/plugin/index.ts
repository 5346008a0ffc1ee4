/**
 * What a plugin's author imports: the vocabulary, what declares a plugin and its registers, and what its model of a device
 * is built on. docs/writing-a-reset-plugin.md starts from here.
 */
export type * from '../model/index.ts';
export {
  BUS_METHODS,
  andList,
  apertures,
  bytes,
  defineDiagnostic,
  describeDevice,
  extentOf,
  formatBytes,
  granuleOf,
  hex,
  invariant,
  iova,
  isPci,
  isVfioDriver,
  lastOf,
  nameOf,
  nodeOf,
  overlapFinder,
  parseBdf,
  parseSize,
  physical,
  placeFinder,
  PLUGIN_API,
  rangesOverlap,
  rangeText,
  RegisterBank,
  reservationsOf,
  titleOf,
  U64_MAX,
  unreachable,
} from '../model/index.ts';
export { disabledBy, idMapOf, liodnOf, mapId, msiIsolation, smmuOf, streamsOf, u32Of } from '../devicetree/index.ts';
export type { IdMap, Liodn, MappedId, MsiIsolation, Stream, Streams } from '../devicetree/index.ts';
export * from './define.ts';
export * from './domain.ts';
export * from './registers.ts';
export * from './run-program.ts';
