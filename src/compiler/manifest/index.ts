/** Texts to a manifest of the right shape. */
export * from './diagnostics.ts';
export { interpolate, type Variables } from './interpolate.ts';
export { type Include, type Layer, openLayer } from './layer.ts';
export { legalProjectName } from './project-name.ts';
export { assembleManifest, type Naming, readManifest } from './read-manifest.ts';
export { parseSize } from './size.ts';
