import { existsSync, writeFileSync } from 'node:fs';
import { holds } from './assert.ts';
import { carriesPackets } from './network.ts';
import { PCI, attribute, linkOf, netdevsOf } from './pci.ts';

/**
 * Leaves a card of two functions with no reset but that of its bus, as many graphics cards are. The kernel takes `bus`
 * for a function only while it is alone on its bus, so the second one is away for that moment.
 */
export async function makeBusOnly(first: string, second: string): Promise<void> {
  await without(second, () => setMethods(first, 'bus'));
  setMethods(second, '');
}

/** As the kernel finds the card when it starts. */
export async function findMethodsAnew(first: string, second: string): Promise<void> {
  await without(second, () => setMethods(first, 'default'));
}

/**
 * Both ports work with their host driver. On the AMD machine the card carries no packets to begin with, before anything has
 * touched it: there it is only asked whether the interfaces are back.
 */
export async function portsWork(machine: string, ports: readonly string[]): Promise<void> {
  for (const port of ports) {
    const [name] = netdevsOf(port);
    holds(name !== undefined, `${port} has no network interface`);
    if (machine !== 'amd') await carriesPackets(name);
  }
}

/** What the kernel would try for a function, in its order. */
export const methodsOf = (device: string): string =>
  existsSync(`${PCI}/devices/${device}/reset_method`) ? attribute(device, 'reset_method') : '';

// A write of nothing would be no write at all.
const setMethods = (device: string, methods: string): void =>
  writeFileSync(`${PCI}/devices/${device}/reset_method`, `${methods}\n`);

/** Takes a function from the bus, and has the kernel find it again with its driver. */
async function without(device: string, work: () => void): Promise<void> {
  const driver = linkOf(device, 'driver');
  writeFileSync(`${PCI}/devices/${device}/remove`, '1');
  work();
  writeFileSync(`${PCI}/rescan`, '1');
  for (let tries = 0; linkOf(device, 'driver') !== driver; tries += 1) {
    if (tries === 100) throw new Error(`${device} has ${linkOf(device, 'driver')} after 10 s, and not ${driver}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
