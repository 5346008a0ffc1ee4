import { defineDiagnostic, type DomainContext, type PluginLaw } from 'vfio-compose/plugin';

export const noiommuHandoff = defineDiagnostic({
  code: 'noiommu-handoff',
  severity: 'error',
  category: 'manifest',
  summary: 'An unprivileged user cannot use a device without IOMMU',
  explanation: `Whoever has a device without IOMMU can do anything to the host, so the kernel asks for CAP_SYS_RAWIO at every step:
opening /dev/vfio/noiommu-<N>, joining a container, VFIO_SET_IOMMU, and taking the device (drivers/vfio/group.c and
container.c, EPERM). Giving the node to a user or a Unix group does not change that.

Leave \`user\` and \`group\` out: the program that opens the nodes has to run as root or with that capability. Or use
\`handoff: hold\`.`,
});

/** Nodes without IOMMU are not given to somebody who cannot use them (R-GROUP-3). */
export const noiommuHandoffLaw: PluginLaw<DomainContext> = {
  id: 'noiommu-handoff',
  reports: [noiommuHandoff],
  check({ vm: { name, handoff, iommu } }) {
    if (handoff.mode !== 'bind') return [];
    const other = [handoff.user, handoff.group].find((one) => one !== null && one !== 'root' && one !== 0);
    if (other === undefined || other === null) return [];
    const detail = `The nodes of ${name} are to go to ${other}, and without an IOMMU (iommu: noiommu) the kernel lets only processes with CAP_SYS_RAWIO use them. Leave "user" and "group" out and run the program with that capability, or use "handoff: hold".`;
    return [noiommuHandoff({ detail, at: handoff.at, related: [{ message: 'asked for here', at: iommu.at }] })];
  },
};
