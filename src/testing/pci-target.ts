import {
  busOf,
  indexHost,
  isPci,
  ownResetMethods,
  type PciNeighbour,
  type ResetLawContext,
  type ResetTarget,
  type ResolvedPciDevice,
} from '../model/index.ts';
import type { HostBuilder } from './host.ts';
import { spanAt } from './manifest.ts';
import { bdf } from './values.ts';

/** Who has the functions of a bus, by address: a VM that holds them, or one that only takes their driver away. */
export type Owners = Readonly<Record<string, string | { readonly detachedBy: string }>>;

/** A function of a host as a hook of a reset plugin is told of it. Functions without an owner stay with the host. */
export function pciTarget(on: HostBuilder, address: string, owners: Owners): ResetTarget {
  const host = indexHost(on.build());
  const device = host.pciByAddress.get(bdf(address));
  if (!device) throw new Error(`the host of the test has no ${address}`);
  const beside = host.below.get(busOf(device)) ?? [];
  const neighbours = beside.filter(isPci).map((one): PciNeighbour => {
    const owner = owners[one.address] ?? owners[one.address.slice('0000:'.length)];
    if (owner === undefined) return { device: one, vm: null, held: false };
    return typeof owner === 'string'
      ? { device: one, vm: owner, held: true }
      : { device: one, vm: owner.detachedBy, held: false };
  });
  return {
    device,
    node: null,
    compatible: [],
    regions: [{ index: 7, size: null, name: 'configuration space' }],
    kernelHandler: null,
    pci: { neighbours, ownMethods: ownResetMethods(device, beside), methods: device.resetMethods },
    host,
  };
}

/** The same with its entry in the manifest, as a law sees it. */
export function pciLawContext(
  on: HostBuilder,
  address: string,
  owners: Owners,
  reset: ResolvedPciDevice['reset'] = 'required',
): ResetLawContext {
  const target = pciTarget(on, address, owners);
  if (!isPci(target.device)) throw new Error(`${address} is no PCI function`);
  const vm = target.pci?.neighbours.find(({ device }) => device.address === target.device.address)?.vm ?? 'a';
  const at = spanAt(['vms', vm, 'devices', 'x']);
  const entry: ResolvedPciDevice = {
    bus: 'pci',
    name: 'x',
    vm,
    origin: { kind: 'named' },
    use: 'assign',
    driver: 'vfio-pci',
    reset,
    resetBy: null,
    groupPolicy: 'strict',
    inUse: 'refuse',
    at,
    selectorAt: at,
    device: target.device,
    irqs: [],
    guest: { placement: 'function', address: null },
  };
  return { target, entry, options: {} };
}
