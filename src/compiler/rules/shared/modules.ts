import type { ResolvedIommu } from '../../../model/index.ts';

/** The kernel modules that a VM's IOMMU model needs, each with why: those of its plugin, and of what that builds on. */
export const modulesOf = ({ plugins }: ResolvedIommu) => plugins.flatMap(({ modules = [] }) => modules);
