/**
 * Writes the pseudo file systems of a host with many PCI functions: `npx tsx bench/sysfs-tree.ts FOLDER [FUNCTIONS]`.
 * Fixed content, so that two runs measure the same work.
 */
import type { HostInventory } from '../src/model/index.ts';
import { disk, host, netdev } from '../src/testing/index.ts';
import { writeHostTree } from '../src/testing/host-tree.ts';

/** Functions behind one bridge, in eight slots of eight. */
const PER_BUS = 64;

const digits = (value: number, width: number): string => value.toString(16).padStart(width, '0');

/**
 * A server with `functions` PCI functions, bridges included: behind each bridge network cards, of which every fourth is
 * on vfio-pci, with an NVMe disk in every slot. Each function has a group of its own.
 */
export function largeHost(functions: number): HostInventory {
  let builder = host().intelIommu({ addressBits: 48 }).hugePages(0x20_0000n, 1024);
  for (let count = 0; count < functions;) {
    const bus = 1 + Math.floor(count / PER_BUS);
    const domain = digits(bus >> 8, 4);
    const number = digits(bus & 0xff, 2);
    builder = builder.bridge(`${domain}:00:${digits(bus & 0x1f, 2)}.${(bus >> 5) & 7}`, {
      bus: number,
      slot: `${bus}`,
    });
    count++;
    for (let place = 0; place < PER_BUS - 1 && count < functions; place++, count++) {
      const address = `${domain}:${number}:${digits(place >> 3, 2)}.${place & 7}`;
      if (place % 8 === 7)
        builder = builder.nvme(address, { blocks: [disk(`nvme${count}n1`, { mounts: [`/data/${count}`] })] });
      else if (place % 4 === 3)
        builder = builder.nic(address, { driver: 'vfio-pci', driverOverride: 'vfio-pci', netdevs: [] });
      else builder = builder.nic(address, { netdevs: [netdev(`en${count}`, { up: true })] });
    }
  }
  return builder.build();
}

const [folder, functions = '512'] = process.argv.slice(2);
if (process.argv[1] === import.meta.filename && folder !== undefined) {
  writeHostTree(folder, largeHost(Number(functions)));
}
