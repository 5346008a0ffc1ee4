import { type IommuPlugin, PLUGIN_API, type ResetPlugin } from '../model/index.ts';

/** A definition as an author writes it: kind and version of the interface are ours to say. */
type Written<P> = Omit<P, 'kind' | 'api'>;

/**
 * Declares a reset plugin; the result is the module's default export. `api` is the version of this very interface, so that
 * a later vfio-compose can tell.
 */
export const defineResetPlugin = (plugin: Written<ResetPlugin>): ResetPlugin =>
  Object.freeze({ kind: 'reset', api: PLUGIN_API, ...plugin });

/** Declares an IOMMU plugin; the result is the module's default export. */
export const defineIommuPlugin = (plugin: Written<IommuPlugin>): IommuPlugin =>
  Object.freeze({ kind: 'iommu', api: PLUGIN_API, ...plugin });
