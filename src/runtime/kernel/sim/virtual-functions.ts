import { isVfioDriver, type PciDevice } from '../../../model/inventory.ts';
import { virtualFunctionAddress } from '../../../model/bdf.ts';
import type { SimHost } from './host.ts';
import { refuse } from './refusal.ts';
import type { SimPciDevice } from './state.ts';

/**
 * A write to sriov_numvfs (drivers/pci/pci-sysfs.c): refused in the kernel's order. Every host driver is taken for one that
 * makes VFs. Returns false where the kernel would wait until whoever has a VF open lets go of it.
 */
export function storeVirtualFunctions(host: SimHost, pf: SimPciDevice, value: string): boolean {
  const { sriov, info } = pf;
  if (!/^\d{1,5}$/.test(value)) return refuse('EINVAL');
  const wanted = Number(value);
  if (!sriov || !info.sriov || wanted > info.sriov.total) return refuse('ERANGE');
  if (wanted === sriov.enabled) return true;
  if (pf.driver === null || isVfioDriver(pf.driver)) return refuse('ENOENT');
  if (wanted > 0 && sriov.enabled > 0) return refuse('EBUSY');
  return wanted === 0 ? unmake(host, pf) : make(host, pf, wanted);
}

/** Where they are is the device's to say; an inventory that does not know it cannot tell. */
function make(host: SimHost, pf: SimPciDevice, count: number): boolean {
  const { offset, stride } = pf.info.sriov ?? {};
  if (offset === undefined || stride === undefined) return refuse('EOPNOTSUPP');
  for (let index = 0; index < count; index++) {
    const address = virtualFunctionAddress(pf.info.address, { offset, stride }, index);
    host.add(...twice(virtualFunction(host, pf, address, index)));
  }
  if (pf.sriov) pf.sriov.enabled = count;
  return true;
}

const twice = <T>(value: T): [T, T] => [value, value];

/** Like its PF, but for what a VF has not: of its ids, registers and driver an inventory without VFs knows nothing. */
function virtualFunction(host: SimHost, pf: SimPciDevice, address: PciDevice['address'], index: number): PciDevice {
  const { info } = pf;
  const group = pf.group ? host.addGroup({ ...pf.group.info, id: nextGroup(host), node: null, openedBy: [] }) : null;
  return {
    ...info,
    address,
    sysfsPath: `${info.sysfsPath.slice(0, info.sysfsPath.lastIndexOf('/'))}/${address}`,
    driver: null,
    driverOverride: null,
    group: group?.info.id ?? null,
    resetMethods: ['flr'],
    sriov: null,
    physicalFunction: info.address,
    virtualFunctionIndex: index,
    resources: [],
    netdevs: [],
    blocks: [],
  };
}

const nextGroup = (host: SimHost): number => Math.max(-1, ...host.groups.keys()) + 1;

function unmake(host: SimHost, pf: SimPciDevice): boolean {
  const vfs = virtualFunctionsOf(host, pf);
  if (vfs.some(({ vfio }) => vfio && vfio.openCount > 0)) return false;
  for (const vf of vfs) host.remove(vf);
  if (pf.sriov) pf.sriov.enabled = 0;
  return true;
}

/** The VFs of a physical function that are there, by number. */
export const virtualFunctionsOf = (host: SimHost, pf: SimPciDevice): SimPciDevice[] =>
  [...host.devices.values()]
    .filter((device) => device.kind === 'pci')
    .filter(({ info }) => info.physicalFunction === pf.info.address)
    .sort((a, b) => (a.info.virtualFunctionIndex ?? 0) - (b.info.virtualFunctionIndex ?? 0));
