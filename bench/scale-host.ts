/** Hosts and manifests of any size, the same on every run. */
import type { HostInventory } from '../src/model/index.ts';
import { disk, host, netdev, type HostBuilder } from '../src/testing/index.ts';

/** PCI functions of one unit, bridges included. */
export const UNIT = 50;
/** Of which are assigned. */
export const ASSIGNED_OF_UNIT = 5;
const BUSES_OF_UNIT = 4;
const UNITS_OF_DOMAIN = 60;
const MACHINES = 20;

const digits = (value: number, width: number): string => value.toString(16).padStart(width, '0');

/** Addresses of one unit: `bus(k)` is the k-th of its buses, 0 the one that its bridges stand on. */
function placesOf(unit: number): {
  readonly domain: string;
  bus(index: number): string;
  bridge(index: number): string;
} {
  const domain = digits(Math.floor(unit / UNITS_OF_DOMAIN), 4);
  const number = unit % UNITS_OF_DOMAIN;
  const bridges = number * (BUSES_OF_UNIT - 1);
  return {
    domain,
    bus: (index) => digits(1 + number * (BUSES_OF_UNIT - 1) + index, 2),
    bridge: (index) => `${domain}:00:${digits((bridges + index) >> 3, 2)}.${(bridges + index) & 7}`,
  };
}

/**
 * A host of `units` times 50 functions: a graphics card whose two functions share a group, an SR-IOV card with seven
 * VFs, two NVMe disks of which one is mounted, and cards with many network functions, of which every fourth is in use.
 */
export function scaleHost(units: number): HostInventory {
  const builder = host().intelIommu({ addressBits: 48 }).hugePages(0x20_0000n, 1024);
  for (let unit = 0; unit < units; unit++) addUnit(builder, unit);
  return builder.build();
}

function addUnit(builder: HostBuilder, unit: number): void {
  const { domain, bus, bridge } = placesOf(unit);
  for (let index = 0; index < 3; index++) {
    builder.bridge(bridge(index), { bus: bus(index), slot: `${unit}-${index}` });
  }
  const graphics = 1_000_000 + unit;
  builder.gpu(`${domain}:${bus(0)}:00.0`, { group: graphics }).audio(`${domain}:${bus(0)}:00.1`, { group: graphics });
  const physical = `${domain}:${bus(1)}:00.0`;
  builder.pf(physical, { netdevs: [netdev(`pf${unit}`, { up: true, hasAddress: true })] });
  for (let index = 0; index < 7; index++) {
    builder.vf(`${domain}:${bus(1)}:10.${index}`, physical, index, { netdevs: [netdev(`vf${unit}n${index}`)] });
  }
  for (let index = 0; index < 2; index++) {
    const mounts = index === 0 ? [`/data/${unit}`] : [];
    builder.nvme(`${domain}:${bus(2)}:00.${index}`, { blocks: [disk(`nvme${2 * unit + index}n1`, { mounts })] });
  }
  for (let index = 0; index < UNIT - 15; index++) {
    const address = `${domain}:${bus(2)}:${digits(1 + (index >> 3), 2)}.${index & 7}`;
    const up = index % 4 === 3;
    builder.nic(address, { netdevs: [netdev(`en${unit}n${index}`, { up, hasAddress: up })] });
  }
}

/**
 * A manifest that assigns five functions of every unit of {@link scaleHost}, named in five ways, to twenty VMs. The
 * number of VMs is fixed, so that the devices of one grow with the whole. Twenty units are the least.
 */
export function scaleManifest(units: number): string {
  const lines = ['version: 1', 'name: scale', 'vms:'];
  for (let machine = 0; machine < MACHINES; machine++) {
    lines.push(`  vm${machine}:`, '    memory:');
    lines.push('      - { iova: 0, size: 512KiB }');
    lines.push('      - { iova: 0x100000, size: 256MiB, backing: memfd }');
    lines.push('      - { iova: 0x100000000, size: 1GiB }');
    lines.push('    devices:');
    for (let unit = machine; unit < units; unit += MACHINES) lines.push(...devicesOf(unit));
  }
  return `${lines.join('\n')}\n`;
}

function devicesOf(unit: number): string[] {
  const { domain, bus, bridge } = placesOf(unit);
  return [
    `      gpu${unit}: { pci: "${domain}:${bus(0)}:00.0", reset: preferred }`,
    `      sound${unit}:`,
    `        topology: ${domain}:00/${bridge(0).slice(-4)}/00.1`,
    `        reset: preferred`,
    `      vf${unit}:`,
    `        vf: { pf: "${domain}:${bus(1)}:00.0", index: 3 }`,
    `        guest: { address: "${digits(Math.floor(unit / MACHINES), 2)}:00.0" }`,
    `      wan${unit}:`,
    `        netdev: en${unit}n0`,
    `        irqs: [{ index: msix, count: 4 }]`,
    `      lan${unit}:`,
    `        pci: ${domain}:${bus(2)}:02.0`,
    `        expect: { id: "8086:10d3" }`,
  ];
}
