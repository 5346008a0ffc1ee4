import { driverMadeDevices } from '../../devicetree/index.ts';
import { defineDiagnostic, isVfioDriver, parentPath, titleOf } from '../../model/index.ts';
import type { PlatformDevice } from '../../model/index.ts';
import type { Rule } from './rule.ts';
import { byAddress, everyDevice, isPlatformEntry } from './shared/assignments.ts';

export const childVanishes = defineDiagnostic({
  code: 'child-vanishes',
  severity: 'error',
  category: 'host',
  summary: 'The child exists only while its parent has its driver',
  explanation: `Linux makes devices at boot of what stands at the root of the device tree or below a bus. What stands below another
device becomes a device only if the driver of that device makes one (of_platform_populate in its probe), and goes when
that driver lets go of the device: the job rings of a CAAM are made by \`caam\`. Taking the parent from its driver removes
such a child, so the two cannot be assigned together as two devices.

Assign the child alone, with an entry of its own, and leave the parent with its driver on the host. Or take the driver
from the parent first (\`unbind\`) and plan again: the children are then no devices any more, but parts of the parent, and
go with it as such.`,
});

/** A device that a driver has made is not assigned together with what that driver has (R-TREE-1, R-NAME-2). */
export const childVanishesRule: Rule = {
  id: 'child-vanishes',
  reports: [childVanishes],
  check({ manifest, host }) {
    const { tree } = host;
    const entries = everyDevice(manifest).filter(isPlatformEntry);
    const planned = byAddress(entries);
    const taken = new Set(entries.map(({ device }) => device.treePath));
    // Only a device below another one of the plan can go with it; most plans have none, and the look at a tree is long.
    const below = entries.filter(({ device }) => pathsAbove(device.treePath).some((path) => taken.has(path)));
    if (!tree || below.length === 0) return [];
    const made = new Map(driverMadeDevices(tree).map((one) => [one.node.path, one]));
    const fromBlob = host.inventory.origin === 'device-tree';
    const driverOf = (parent: PlatformDevice, known: boolean): string | undefined => {
      if (parent.driver !== null) return isVfioDriver(parent.driver) ? undefined : parent.driver;
      return fromBlob && known ? 'the driver that makes it' : undefined;
    };
    return below.flatMap((entry) => {
      const how = entry.device.treePath === null ? undefined : made.get(entry.device.treePath);
      const parent = how && host.byTreePath.get(how.parent.path);
      const driver = how && parent && driverOf(parent, how.known);
      if (!parent || driver === undefined || !planned.has(parent.address)) return [];
      const [owner] = planned.get(parent.address) ?? [];
      const detail = `${titleOf(entry)} exists only because ${parent.address} is bound to ${driver}; taking ${parent.address} from it removes this device. Assign ${entry.device.address} alone, with an entry of its own, and leave ${parent.address} with the host; or unbind ${parent.address} yourself first: its children are then parts of it.`;
      const at = entry.origin.kind === 'child' ? entry.children.at : entry.selectorAt;
      return [
        childVanishes({
          detail,
          at,
          related: owner ? [{ message: `${parent.address} is taken here`, at: owner.selectorAt }] : [],
        }),
      ];
    });
  },
};

function pathsAbove(path: string | null): string[] {
  const above: string[] = [];
  for (let at = parentPath(path ?? '/'); at !== null; at = parentPath(at)) above.push(at);
  return above;
}
