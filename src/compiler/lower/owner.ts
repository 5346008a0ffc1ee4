import {
  defineDiagnostic,
  type Diagnostic,
  didYouMean,
  type NameService,
  type ResolvedVm,
  type Result,
} from '../../model/index.ts';

export const unknownOwner = defineDiagnostic({
  code: 'unknown-user-or-group',
  severity: 'error',
  category: 'host',
  summary: 'The host does not know this user or group',
  explanation:
    '`handoff: bind` gives the device nodes to a user and a group, and `run` starts a process as them. Their names are ' +
    'looked up in /etc/passwd and /etc/group when the plan is made.\n\nCreate the account, correct the name, or write its number.',
});

export const noiommuNodeForRoot = defineDiagnostic({
  code: 'noiommu-node-for-root',
  severity: 'error',
  category: 'manifest',
  summary: 'Without an IOMMU a node cannot be given to a user',
  explanation:
    'Whoever programs a device without an IOMMU can read and write all of the host’s memory with it. The kernel therefore ' +
    'opens `/dev/vfio/noiommu-N` only for a process with CAP_SYS_RAWIO, whoever owns the node (`vfio_group_fops_open` in ' +
    'drivers/vfio/group.c): a user or permissions given to it would promise what is not there.\n\n' +
    'Leave `user`, `group` and `permissions` out of `handoff` and run the driver as root, or use a device behind an IOMMU.',
});

/** The numeric owner and permissions that a `bind` VM wants for its nodes, or the finding that a name is unknown. */
export interface NodeOwner {
  readonly uid: number | null;
  readonly gid: number | null;
  readonly mode: number | null;
}

/** Who is to own the nodes of a VM; no value for one that keeps them. */
export function ownerOf(vm: ResolvedVm, names: NameService): Result<NodeOwner> {
  const { handoff } = vm;
  if (handoff.mode === 'hold') return { diagnostics: [] };
  if (!vm.iommu.isolates) return ownerWithoutIommu(vm);
  const diagnostics: Diagnostic[] = [];
  const number = (what: 'user' | 'group'): number | null => {
    const wanted = handoff[what];
    if (wanted === null || typeof wanted === 'number') return wanted;
    const found = /^[0-9]+$/.test(wanted) ? Number(wanted) : names[what](wanted);
    if (found !== undefined) return found;
    diagnostics.push(
      unknownOwner({
        at: handoff.at,
        detail:
          `This host has no ${what} "${wanted}", and the nodes of ${vm.name} are to be given to it. ${didYouMean(wanted, ['root'])}`.trim(),
      }),
    );
    return null;
  };
  const value = { uid: number('user'), gid: number('group'), mode: handoff.permissions };
  return diagnostics.length > 0 ? { diagnostics } : { value, diagnostics };
}

function ownerWithoutIommu({ name, handoff }: ResolvedVm): Result<NodeOwner> {
  if (handoff.mode === 'hold') return { diagnostics: [] };
  const { user, group, permissions } = handoff;
  const roots = [user, group].every((one) => one === null || one === 'root' || Number(one) === 0);
  if (roots && permissions === null) return { diagnostics: [] };
  const detail =
    `The nodes of ${name} would be given away, but without an IOMMU the kernel opens them for a process with ` +
    'CAP_SYS_RAWIO only. Leave the user, the group and the permissions out.';
  return { diagnostics: [noiommuNodeForRoot({ at: handoff.at, detail })] };
}
