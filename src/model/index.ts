/** The vocabulary: every other part of vfio-compose speaks in these types. */
export * from './address.ts';
export * from './bdf.ts';
export * from './describe.ts';
export * from './device-tree.ts';
export * from './diagnostic.ts';
export * from './invariant.ts';
export * from './inventory.ts';
export * from './kernel-release.ts';
export * from './manifest.ts';
export * from './near-names.ts';
export * from './plan.ts';
export * from './plugin/index.ts';
export * from './reset.ts';
export * from './resolved.ts';
export * from './size.ts';
export * from './span.ts';
