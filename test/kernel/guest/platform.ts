import { existsSync, readdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';

/** The two buses whose devices come from a device tree: plain registers, and ARM's PrimeCells. */
export const TREE_BUSES = ['platform', 'amba'] as const;
export type TreeBus = (typeof TREE_BUSES)[number];

/** Where a running kernel shows its tree; `of_node` links end below it (drivers/of/kobj.c). */
const TREE = '/sys/firmware/devicetree/base';

/** A device of one of these buses, as sysfs shows it. */
export interface TreeDevice {
  readonly bus: TreeBus;
  readonly name: string;
  /** The path of its node in the tree; nothing for a device that did not come from one. */
  readonly node: string | undefined;
  readonly driver: string | undefined;
}

/** Every device of the two buses, in the order of their names. */
export function treeDevices(): readonly TreeDevice[] {
  return TREE_BUSES.filter((bus) => existsSync(`/sys/bus/${bus}/devices`)).flatMap((bus) =>
    readdirSync(`/sys/bus/${bus}/devices`)
      .sort()
      .map((name) => ({ bus, name, node: nodeOf(bus, name), driver: platformLink(bus, name, 'driver') })),
  );
}

function nodeOf(bus: TreeBus, name: string): string | undefined {
  const device = `/sys/bus/${bus}/devices/${name}`;
  if (!existsSync(`${device}/of_node`)) return undefined;
  // The link is relative to the device's own folder, behind the link of the bus.
  const folder = path.resolve(`/sys/bus/${bus}/devices`, readlinkSync(device));
  const target = path.resolve(folder, readlinkSync(`${device}/of_node`));
  if (!target.startsWith(TREE)) throw new Error(`the of_node of ${name} is ${target}`);
  return target.slice(TREE.length) || '/';
}

/** The last component of what a link of a device points to; nothing where there is no such link. */
export function platformLink(bus: TreeBus, name: string, link: 'driver' | 'iommu_group'): string | undefined {
  const file = `/sys/bus/${bus}/devices/${name}/${link}`;
  return existsSync(file) ? path.basename(readlinkSync(file)) : undefined;
}

/** Network interfaces of a device. */
export function platformNetdevs(name: string): readonly string[] {
  const folder = `/sys/bus/platform/devices/${name}/net`;
  return existsSync(folder) ? readdirSync(folder) : [];
}

/** Moves a device to a driver by hand, the way a shell script does it. */
export function bindPlatform(bus: TreeBus, name: string, driver: string): void {
  const device = `/sys/bus/${bus}/devices/${name}`;
  writeFileSync(`${device}/driver_override`, driver);
  if (existsSync(`${device}/driver`)) writeFileSync(`${device}/driver/unbind`, name);
  writeFileSync(`/sys/bus/${bus}/drivers/${driver}/bind`, name);
}

/**
 * The kernel's answer to moving a device to a driver by hand: its errno, or nothing where the driver takes it. Throws where
 * there is no such device or driver, which would look like one of the answers.
 */
export function bindError(bus: TreeBus, name: string, driver: string): string | undefined {
  try {
    bindPlatform(bus, name, driver);
    return undefined;
  } catch (error) {
    const { code, syscall } = error as NodeJS.ErrnoException;
    if (syscall !== 'write') throw error;
    return code;
  }
}

/** Gives a device back to whatever driver wants it. */
export function giveBackPlatform(bus: TreeBus, name: string): void {
  const device = `/sys/bus/${bus}/devices/${name}`;
  if (existsSync(`${device}/driver`)) writeFileSync(`${device}/driver/unbind`, name);
  writeFileSync(`${device}/driver_override`, '\n');
  writeFileSync(`/sys/bus/${bus}/drivers_probe`, name);
}

/** What a run has to put back: of each device its driver and its override, and the nodes that VFIO shows. */
export function platformState(): Readonly<Record<string, string>> {
  // Only what comes from the tree: others come and go with their drivers, and some are left as links to nothing.
  const assignable = treeDevices().filter(({ node }) => node !== undefined);
  const devices = assignable.map(({ bus, name, driver }) => {
    const override = readFileSync(`/sys/bus/${bus}/devices/${name}/driver_override`, 'utf8').trim();
    const netdevs = platformNetdevs(name).length;
    return [`${bus} ${name}`, `driver ${driver ?? 'none'}, override ${override}, ${netdevs} netdevs`] as const;
  });
  return Object.fromEntries([...devices, ['/dev/vfio', readdirSync('/dev/vfio').sort().join(' ')]]);
}
