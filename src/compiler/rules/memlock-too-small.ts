import { defineDiagnostic, formatBytes, lockedMemory, totalOf } from '../../model/index.ts';
import type { ResolvedVm } from '../../model/index.ts';
import type { Rule, RuleContext } from './rule.ts';

export const memlockTooSmall = defineDiagnostic({
  code: 'memlock-too-small',
  severity: 'error',
  category: 'host',
  summary: 'More memory is mapped than may be locked',
  explanation: `What a device may reach by DMA is pinned, and counts against the limit of locked memory (RLIMIT_MEMLOCK) of the
process that maps it, over all its containers; CAP_IPC_LOCK lifts the limit (VFIO_IOMMU_MAP_DMA: ENOMEM, and
"RLIMIT_MEMLOCK exceeded" in the kernel log). With \`handoff: hold\` that process is vfio-compose's own.

The process raises its soft limit by itself for as long as it holds (up to the hard one; with CAP_SYS_RESOURCE that
too). This finding is about a hard limit that is in the way.

Run it as root, or raise the hard limit: \`LimitMEMLOCK=\` of a systemd unit, \`memlock\` in /etc/security/limits.conf, or
\`ulimit -l\`.`,
});

export const memlockNeeded = defineDiagnostic({
  code: 'memlock-needed',
  severity: 'warning',
  category: 'host',
  summary: 'The user of the devices needs a limit of locked memory',
  explanation: `With \`handoff: bind\`, whoever opens the devices maps the memory, and it counts against that process's limit of
locked memory (RLIMIT_MEMLOCK), which vfio-compose cannot see. The usual limit is 8 MiB. The finding names the least
that the declared memory needs; add some for queues and buffers of the program's own.

Set \`LimitMEMLOCK=\` of its systemd unit, or \`memlock\` for the user in /etc/security/limits.conf.`,
});

/** The memory of all VMs that one process holds fits its limit of locked memory. */
export const memlockTooSmallRule: Rule = {
  id: 'memlock-too-small',
  reports: [memlockTooSmall, memlockNeeded],
  check: (context) => [...checkHeld(context), ...checkBound(context.manifest.vms)],
};

function checkHeld({ manifest, host }: RuleContext) {
  const locked = lockedMemory(manifest, host.inventory);
  if (locked.kind !== 'short') return [];
  const { needed, hard } = locked;
  const held = manifest.vms.filter((vm) => vm.handoff.mode === 'hold');
  let sum = 0n;
  const over = held.flatMap((vm) => vm.memory).find((memory) => (sum += memory.size) > hard);
  const detail = `The plan maps ${formatBytes(needed)} of memory in one process, which may lock ${formatBytes(hard)} at most (the hard limit of RLIMIT_MEMLOCK). Run vfio-compose as root, or raise the limit to ${needed} bytes or more (LimitMEMLOCK= of a systemd unit, ulimit -Hl).`;
  return [memlockTooSmall({ detail, at: over?.sizeAt })];
}

function checkBound(vms: readonly ResolvedVm[]) {
  return vms.flatMap((vm) => {
    const { handoff } = vm;
    const needed = totalOf(vm);
    if (handoff.mode !== 'bind' || handoff.user === null || needed === 0n) return [];
    if (handoff.user === 'root' || handoff.user === 0) return [];
    const detail = `Whoever opens the devices of ${vm.name} as ${handoff.user} has to map ${formatBytes(needed)}, and needs a limit of locked memory (RLIMIT_MEMLOCK) of at least ${needed} bytes. Set LimitMEMLOCK= of its systemd unit, or memlock in /etc/security/limits.conf.`;
    return [memlockNeeded({ detail, at: handoff.at })];
  });
}
