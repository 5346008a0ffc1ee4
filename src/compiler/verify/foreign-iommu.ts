import type { Law } from './law.ts';

/**
 * Types of the mainline kernel: VFIO_TYPE1_IOMMU, VFIO_TYPE1v2_IOMMU, VFIO_TYPE1_NESTING_IOMMU, VFIO_NOIOMMU_IOMMU
 * (include/uapi/linux/vfio.h). The numbers above VFIO_BASE that other kernels use mean something else there.
 */
const MAINLINE: ReadonlySet<number> = new Set([1, 3, 6, 8]);

/**
 * An ioctl that only a plugin knows goes to a container of a model that is not of the mainline kernel, after the model is
 * set, on a host of which the plan says that it has such a backend (R-PAMU-6).
 */
export const checkForeignIommus: Law = function* (plan) {
  const backends = plan.facts.filter(({ subject }) => subject.startsWith('backend ')).map(({ value }) => value ?? '');
  // As collectFacts words it: "extension 4097, dialect explicit".
  const relies = (extension: number) => backends.some((value) => value.split(', ')[0] === `extension ${extension}`);
  const extensions = new Map<string, number>();
  const made = new Map<string, string>();
  for (const step of plan.up) {
    if (step.kind === 'set-iommu') extensions.set(step.container, step.extension);
    if (step.kind !== 'container-ioctl') continue;
    const extension = extensions.get(step.container);
    made.set(step.id, step.container);
    if (extension === undefined) yield `${step.id} comes before ${step.container} has an IOMMU model.`;
    else if (MAINLINE.has(extension))
      yield `${step.id} goes to ${step.container} of the kernel's own extension ${extension}.`;
    else if (!relies(extension)) yield `${step.id} is for a backend that the plan does not rely on.`;
  }
  for (const step of plan.down) {
    if (step.kind !== 'container-ioctl') continue;
    if (made.get(step.undoes ?? '') !== step.container) {
      yield `${step.id} takes back ${step.undoes ?? 'nothing'}, which is no call to ${step.container}.`;
    }
  }
};
