import { readdirSync } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
import { contains, equal, holds } from './assert.ts';
import { vfioCompose } from './command.ts';
import { findNics, groupOf, linkOf, membersOf, netdevsOf, PCI } from './pci.ts';
import { platformLink, treeDevices, type TreeDevice } from './platform.ts';
import { ended } from './project.ts';
import type { Scenario } from './scenario.ts';

interface Facts {
  readonly address: string;
  readonly driver: string | null;
  readonly group: number | null;
}

/** What `inspect` says of the live machine is what sysfs says, read here once more and by other code. */
export const inspectAgrees: Scenario = ({ test }) => {
  const { alone, shared } = findNics();
  const inspect = async (...args: readonly string[]): Promise<string> => {
    const done = await vfioCompose(['inspect', ...args]);
    ended(done, 0, `inspect ${args.join(' ')}`);
    return done.stdout;
  };

  test('R-GROUP-1: inspect -o json has every device with its driver and its group', async () => {
    const { devices } = JSON.parse(await inspect('-o', 'json')) as { devices: Facts[] };
    const seen = devices.map(({ address, driver, group }) => ({ address, driver, group }));
    // Of the two buses of device trees, those that come from the tree: the rest is made up by drivers.
    const others = treeDevices().filter(({ node }) => node !== undefined);
    const shown = [...readdirSync(`${PCI}/devices`).map(factsOf), ...others.map(treeFactsOf)];
    const [extra, missing] = [without(seen, shown), without(shown, seen)];
    equal({ extra, missing }, { extra: [], missing: [] }, 'what inspect says and sysfs does not, and the reverse');
    equal(seen.length, shown.length, 'the number of devices');
  });
  test('inspect groups lists the members of a group together', async () => {
    const text = await inspect('groups');
    const group = groupOf(shared[0]);
    const lines = text.split('\n');
    const from = lines.findIndex((line) => new RegExp(`^group ${group}\\b`, 'i').test(line));
    holds(from >= 0, `there is no group ${group} in: ${text}`);
    const next = lines.findIndex((line, index) => index > from && /^group \d/i.test(line));
    const shown = lines.slice(from, next < 0 ? undefined : next).join('\n');
    contains(shown, membersOf(group), `what is shown of group ${group}`);
    holds(!shown.includes(alone), `${alone} is shown in group ${group}`);
  });
  test('R-NAME-1: inspect of a network interface finds the device behind it', async () => {
    const [name] = netdevsOf(alone);
    holds(name !== undefined, 'the NIC has no network interface');
    const { device } = JSON.parse(await inspect(name, '-o', 'json')) as { device: Facts };
    equal({ address: device.address, driver: device.driver, group: device.group }, factsOf(alone), name);
    contains(await inspect(name), [alone, 'e1000e', groupOf(alone)], `inspect ${name}`);
  });
};

function factsOf(address: string): Facts {
  const group = linkOf(address, 'iommu_group');
  return { address, driver: linkOf(address, 'driver') ?? null, group: group === undefined ? null : Number(group) };
}

function treeFactsOf({ bus, name, driver }: TreeDevice): Facts {
  const group = platformLink(bus, name, 'iommu_group');
  return { address: name, driver: driver ?? null, group: group === undefined ? null : Number(group) };
}

const without = (list: readonly Facts[], other: readonly Facts[]): readonly Facts[] =>
  list.filter((one) => !other.some((same) => isDeepStrictEqual(one, same)));
