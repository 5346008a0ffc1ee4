/** The tree of a guest: where assigned platform devices stand in it, and an overlay that says so. */
export * from './assigned.ts';
export * from './fragment.ts';
export * from './labels.ts';
export * from './layout.ts';
export * from './needs.ts';
export * from './overlay.ts';
