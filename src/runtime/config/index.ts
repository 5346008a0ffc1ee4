/** The manifest as it lies on disk: which files, their texts, variables, the project's name. */
export { Collector, type Input } from './collect.ts';
export { parseEnvFile } from './env-file.ts';
export { findManifest } from './find-manifest.ts';
export { loadManifest, type LoadedManifest, type ManifestRequest } from './load-manifest.ts';
