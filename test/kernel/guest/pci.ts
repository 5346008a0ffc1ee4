import { existsSync, readFileSync, readdirSync, readlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';

export const PCI = '/sys/bus/pci';

/** The NIC that is alone in its group, and the two ports of a card that share one: see the harness's machine table. */
export interface Nics {
  readonly alone: string;
  readonly shared: readonly [string, string];
}

const E1000E = '0x8086:0x10d3';

/** Finds the NICs by what they are, since bus numbers differ between the machines. */
export function findNics(): Nics {
  const nics = readdirSync(`${PCI}/devices`)
    .filter((name) => `${attribute(name, 'vendor')}:${attribute(name, 'device')}` === E1000E)
    .sort();
  const [alone, ...others] = nics.filter((name) => membersOf(groupOf(name)).length === 1);
  const [one, two] = nics.filter((name) => membersOf(groupOf(name)).length > 1);
  if (alone === undefined || one === undefined || two === undefined || others.length > 0) {
    throw new Error(`the NICs of this machine are not as expected: ${nics.join(' ')}`);
  }
  return { alone, shared: [one, two] };
}

export function membersOf(group: string): readonly string[] {
  return readdirSync(`/sys/kernel/iommu_groups/${group}/devices`).sort();
}

export function attribute(device: string, name: string): string {
  return readFileSync(`${PCI}/devices/${device}/${name}`, 'utf8').trim();
}

/** The name a link of the device points to, or nothing where there is no such link. */
export function linkOf(device: string, name: 'driver' | 'iommu_group' | `virtfn${number}`): string | undefined {
  const link = `${PCI}/devices/${device}/${name}`;
  return existsSync(link) ? path.basename(readlinkSync(link)) : undefined;
}

export function groupOf(device: string): string {
  const group = linkOf(device, 'iommu_group');
  if (group === undefined) throw new Error(`${device} has no IOMMU group`);
  return group;
}

export function netdevsOf(device: string): readonly string[] {
  const net = `${PCI}/devices/${device}/net`;
  return existsSync(net) ? readdirSync(net) : [];
}

/** Moves a device to a driver by hand, the way a shell script does it. */
export function bindTo(device: string, driver: string): void {
  writeFileSync(`${PCI}/devices/${device}/driver_override`, driver);
  if (linkOf(device, 'driver') !== undefined) writeFileSync(`${PCI}/devices/${device}/driver/unbind`, device);
  writeFileSync(`${PCI}/drivers/${driver}/bind`, device);
}

/** Gives a device back to whatever driver wants it. */
export function giveBack(device: string): void {
  if (linkOf(device, 'driver') !== undefined) writeFileSync(`${PCI}/devices/${device}/driver/unbind`, device);
  writeFileSync(`${PCI}/devices/${device}/driver_override`, '\n');
  writeFileSync(`${PCI}/drivers_probe`, device);
}
