import { andList, defineDiagnostic, isPci, isVfioDriver, nameOf, titleOf } from '../../model/index.ts';
import type { ResolvedDevice } from '../../model/index.ts';
import type { Rule } from './rule.ts';
import { byAddress, everyDevice, groupBy, isPciEntry } from './shared/assignments.ts';

export const vfWithoutItsPf = defineDiagnostic({
  code: 'vf-without-its-pf',
  severity: 'error',
  category: 'safety',
  summary: 'A virtual function and its physical function go to different owners',
  explanation: `Whoever drives the physical function (PF) rules over its virtual functions (VFs): it can reset them, read
their traffic and switch them off. The usual way is that the host keeps the PF and gives VFs away. A PF in the hands of
one VM and its VFs in those of another, or of the host, makes the first owner the master of the second.

Give the PF and its VFs to one VM, or leave the PF with the host, or use a PF without VFs.`,
});

/** A PF that is given away goes to the owner of all its VFs. */
export const vfWithoutItsPfRule: Rule = {
  id: 'vf-without-its-pf',
  reports: [vfWithoutItsPf],
  check({ manifest, host, running }) {
    const entries = everyDevice(manifest).filter(isPciEntry);
    const planned = byAddress(entries);
    const elsewhere = new Map(
      running.flatMap((project) => project.devices.map(({ address }) => [address, project.name] as const)),
    );
    const split = entries.flatMap((vf) => {
      const { physicalFunction } = vf.device;
      if (physicalFunction === null) return [];
      const [pf] = planned.get(physicalFunction) ?? [];
      const project = elsewhere.get(physicalFunction);
      if (pf && pf.vm !== vf.vm) return [splitBetween(vf, pf)];
      if (pf || project === undefined || project === manifest.name) return [];
      const detail = `${titleOf(vf)} is a VF of ${physicalFunction}, which the running project ${project} holds: it rules over its VFs. Leave the PF with the host, or give both to one VM.`;
      return [vfWithoutItsPf({ detail, at: vf.selectorAt })];
    });
    // A PF that is not on VFIO yet cannot get there while it has VFs: that is a finding of its own.
    const pfs = entries.filter(
      ({ device }) => (device.sriov?.enabled ?? 0) > 0 && device.driver !== null && isVfioDriver(device.driver),
    );
    if (pfs.length === 0) return split;
    const children = groupBy([...host.byAddress.values()].filter(isPci), (device) => device.physicalFunction);
    const left = pfs.flatMap((pf) => {
      const vfs = (children.get(pf.device.address) ?? []).filter(
        ({ address, driver }) => !planned.has(address) && driver !== null && !isVfioDriver(driver),
      );
      if (vfs.length === 0) return [];
      const names = vfs.slice(0, 8).map(({ address, driver }) => `${address} (${driver})`);
      const detail = `${titleOf(pf)} is a PF, and the host uses its VFs ${andList(names)}: the owner of the PF rules over them. Give them to ${pf.vm} too, or leave the PF with the host.`;
      return [vfWithoutItsPf({ detail, at: pf.selectorAt })];
    });
    return [...split, ...left];
  },
};

function splitBetween(vf: ResolvedDevice, pf: ResolvedDevice) {
  const detail = `${titleOf(vf)} is a VF of ${pf.device.address}, which goes to ${pf.vm}: the owner of the PF rules over its VFs. Give both to one VM, or leave the PF with the host.`;
  return vfWithoutItsPf({
    detail,
    at: vf.selectorAt,
    related: [{ message: `its PF is ${nameOf(pf)}`, at: pf.selectorAt }],
  });
}
