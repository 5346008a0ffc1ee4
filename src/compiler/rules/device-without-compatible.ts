import { compatibleOf } from '../../devicetree/index.ts';
import { defineDiagnostic, nodeOf, titleOf } from '../../model/index.ts';
import type { Rule } from './rule.ts';
import { assignedDevices, isPlatformEntry } from './shared/assignments.ts';

export const deviceWithoutCompatible = defineDiagnostic({
  code: 'device-without-compatible',
  severity: 'error',
  category: 'host',
  summary: 'VFIO refuses a node that does not say what it is',
  explanation: `vfio-platform and vfio-amba read \`compatible\` of the device's node before anything else, and refuse a device
whose node has none (vfio_platform_of_probe() in drivers/vfio/platform/vfio_platform_common.c: EINVAL). On most
machines such a node is no device in the first place; on PowerPC boards Linux makes devices of some, for example of the bridge
below a PCI Express controller.

Assign the device above it, or the one below that has a \`compatible\`.`,
});

/** A platform device that is assigned says what it is (R-GROUP-5). */
export const deviceWithoutCompatibleRule: Rule = {
  id: 'device-without-compatible',
  reports: [deviceWithoutCompatible],
  check({ manifest, host }) {
    return assignedDevices(manifest)
      .filter(isPlatformEntry)
      .flatMap((entry) => {
        const node = nodeOf(entry.device, host);
        if (!node || compatibleOf(node).length > 0) return [];
        const detail = `The node of ${titleOf(entry)}, ${node.path}, has no "compatible", and ${entry.driver} refuses it for that (EINVAL). Assign a device whose node says what it is.`;
        return [deviceWithoutCompatible({ detail, at: entry.selectorAt })];
      });
  },
};
