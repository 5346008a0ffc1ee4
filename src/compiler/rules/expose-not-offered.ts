import { defineDiagnostic, nodeOf, titleOf } from '../../model/index.ts';
import type { Rule } from './rule.ts';
import { assignedDevices, isPlatformEntry } from './shared/assignments.ts';

export const exposeNotOffered = defineDiagnostic({
  code: 'expose-not-offered',
  severity: 'error',
  category: 'host',
  summary: 'The kernel only translates by this property',
  explanation: `The \`ranges\` and the \`interrupt-map\` of a node can be used in two ways: to translate what its children's own properties
say, or as regions and interrupts themselves. Mainline kernels only translate: a device's regions come from \`reg\` and its
interrupts from \`interrupts\` (drivers/of/platform.c). An interface that would expose them too, VFIO_DEVICE_GET_DEVTREE_INFO,
was proposed and never taken; the simulated kernel has it.

Leave \`ranges: expose\` or \`interruptMap: expose\` out. The children's addresses and interrupts are translated all the
same. A window of a bus that is really meant as a region needs a device of its own in the tree, with \`reg\`.`,
});

const PROPERTIES = { ranges: 'ranges', interruptMap: 'interrupt-map' } as const;
const KEYS = ['ranges', 'interruptMap'] as const;

/** `ranges` and `interrupt-map` are exposed only by a kernel that does so (R-TREE-4). */
export const exposeNotOfferedRule: Rule = {
  id: 'expose-not-offered',
  reports: [exposeNotOffered],
  check({ manifest, host }) {
    const offered = host.inventory.vfio.devtreeInfo === true;
    return assignedDevices(manifest)
      .filter(isPlatformEntry)
      .flatMap((entry) =>
        KEYS.filter((key) => entry[key].mode === 'expose').flatMap((key) => {
          const property = PROPERTIES[key];
          const has = (nodeOf(entry.device, host)?.properties.get(property)?.length ?? 0) > 0;
          if (offered && has) return [];
          const why = offered
            ? `${titleOf(entry)} has no "${property}" with entries, so there is nothing to expose`
            : `The kernel ${host.inventory.kernel.release} uses the "${property}" of ${titleOf(entry)} only to translate, as all mainline kernels do, and does not expose it`;
          return [exposeNotOffered({ detail: `${why}. Leave "${key}: expose" out.`, at: entry[key].at })];
        }),
      );
  },
};
