export { resolveManifest } from './resolve-manifest.ts';
