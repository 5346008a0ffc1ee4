import { compatibleOf, insistsOnResetHandler, kernelResetHandler, resetHandlerOf } from '../../devicetree/index.ts';
import { defineDiagnostic, nodeOf, titleOf } from '../../model/index.ts';
import type { Diagnostic, HostIndex, ResolvedPlatformDevice } from '../../model/index.ts';
import type { Rule } from './rule.ts';
import { assignedDevices, isPlatformEntry } from './shared/assignments.ts';

export const resetHandlerAbsent = defineDiagnostic({
  code: 'reset-handler-absent',
  severity: 'error',
  category: 'host',
  summary: 'The kernel cannot reset the device',
  explanation: `Platform devices have no standard reset. The kernel has a handler for three of them: the Calxeda XGMAC
(\`calxeda,hb-xgmac\`), the AMD XGBE (\`amd,xgbe-seattle-v1a\`) and the Broadcom FlexRM (\`brcm,iproc-flexrm-mbox\`). It compares
the **first** entry of \`compatible\` only, so a more specific one in front hides the handler.

Without a handler, vfio-platform refuses the device (ENOENT, "No reset function found") as long as its parameter
\`reset_required\` is Y, which is the default. AMBA devices are taken without.

Linux 6.1 and 6.2 refuse it in any case, AMBA devices too: they look at \`reset_required\` and refuse all the same. That was
mended in 6.3 (commit 168a9c91fe0a) and not in the long-term kernels 6.1.y, so Debian 12 needs the kernel of its backports.

A plugin for the device resets it where the kernel has no handler (\`vfio-compose plugin list\` shows those there are); what
vfio-platform insists on then still has to be turned off, as below.

A device that is not reset keeps the state of its last owner: it may go on with DMA and interrupts. Where that is
acceptable, two things have to say so:

1. the manifest: \`reset: preferred\` (a warning) or \`reset: none\`;
2. the kernel: \`reset_required\` can be set only when vfio-platform is loaded, since it cannot be written later. As a
   module, \`options vfio-platform reset_required=0\` in /etc/modprobe.d and load it anew; built in,
   \`vfio_platform.reset_required=0\` on the kernel command line. It counts for all platform devices of the host.`,
});

export const resetHandlerUnknown = defineDiagnostic({
  code: 'reset-handler-unknown',
  severity: 'note',
  category: 'host',
  summary: 'It is not known whether the kernel can reset the device',
  explanation: `A platform device that ACPI describes is reset by its method \`_RST\`, which cannot be seen from outside. If it has none,
vfio-platform refuses the device with ENOENT while its parameter \`reset_required\` is Y (see \`reset-handler-absent\`).`,
});

/** The kernel can reset a platform device, or both it and the manifest do without (R-GROUP-5, R-RESET-3). */
export const resetHandlerAbsentRule: Rule = {
  id: 'reset-handler-absent',
  reports: [resetHandlerAbsent, resetHandlerUnknown],
  check({ manifest, host }) {
    return assignedDevices(manifest)
      .filter(isPlatformEntry)
      .filter(({ bus }) => bus === 'platform' || bus === 'amba')
      .flatMap((entry) => checkDevice(entry, host));
  },
};

function checkDevice(entry: ResolvedPlatformDevice, host: HostIndex): Diagnostic[] {
  const node = nodeOf(entry.device, host);
  if (!node) {
    if (entry.reset === 'none') return [];
    const detail = `${titleOf(entry)} is in no device tree, so whether it has a reset (the ACPI method _RST) cannot be seen. If binding it fails with ENOENT, it has none.`;
    return [resetHandlerUnknown({ detail, at: entry.selectorAt })];
  }
  // Without a compatible the kernel does not come that far, which is a finding of its own.
  if (resetHandlerOf(host, entry.device) !== null || compatibleOf(node).length === 0) return [];
  const insists = insistence(entry, host);
  // A plugin does what the kernel has no handler for; the driver may insist on one all the same.
  if (insists === null && (entry.reset === 'none' || entry.resetBy !== null)) return [];
  const module = kernelResetHandler(node);
  const why =
    module === null
      ? `The kernel has no reset handler for ${titleOf(entry)}: it looks at the first compatible alone, which is ${compatibleOf(node)[0] ?? ''}`
      : `The reset handler of ${titleOf(entry)} is ${module}, and the kernel ${host.inventory.kernel.release} has no such module`;
  if (insists === null && entry.reset === 'preferred') {
    const detail = `${why}. It is handed over without a reset (reset: preferred).`;
    return [resetHandlerAbsent({ detail, at: entry.selectorAt, severity: 'warning' })];
  }
  const manifest =
    entry.reset === 'required' && entry.resetBy === null ? ['write "reset: preferred" or "reset: none"'] : [];
  const ways = [...manifest, ...(insists === null ? [] : [insists.wayOut])].join(', and ');
  const refused = insists === null ? 'its reset is required' : `vfio-${entry.bus} refuses it ${insists.when} (ENOENT)`;
  const detail =
    entry.resetBy === null
      ? `${why}; ${refused}. Where a device that keeps the state of its last owner is acceptable, ${ways}.`
      : `${why}; ${refused}, although the plugin ${entry.resetBy.plugin.name} can reset it: ${ways}.`;
  return [
    resetHandlerAbsent({
      detail,
      at: entry.selectorAt,
      ...(insists?.sure === false && (entry.reset !== 'required' || entry.resetBy !== null)
        ? { severity: 'warning' as const }
        : {}),
    }),
  ];
}

const STRICT = 'while reset_required is Y';

interface Insistence {
  /** While, or because. */
  readonly when: string;
  /** False where the module is not loaded, or the host is only a blob: its options may still say otherwise. */
  readonly sure: boolean;
  readonly wayOut: string;
}

/** Whether the driver demands a reset handler, and how that is changed; null where it does not. */
function insistence(entry: ResolvedPlatformDevice, host: HostIndex): Insistence | null {
  const { kernel, origin } = host.inventory;
  const parameter = entry.bus === 'platform' ? parameterInsists(host) : null;
  if (!insistsOnResetHandler(kernel.release)) return parameter;
  return {
    when: `whatever reset_required says, since the kernel is ${kernel.release} and all of 6.1 and 6.2 do`,
    sure: origin !== 'device-tree',
    wayOut: ['start Linux 6.3 or newer', ...(parameter ? [parameter.wayOut] : [])].join(', and '),
  };
}

/** What vfio-platform's parameter says of it. */
function parameterInsists({ inventory }: HostIndex): Insistence | null {
  const fromBlob = inventory.origin === 'device-tree';
  const { state, parameters } = inventory.modules['vfio_platform'] ?? { state: 'available', parameters: {} };
  const value = parameters['reset_required'];
  if (value === 'N') return null;
  if (state === 'builtin') {
    return {
      when: STRICT,
      sure: !fromBlob,
      wayOut: 'restart with vfio_platform.reset_required=0 on the kernel command line',
    };
  }
  const option = '"options vfio-platform reset_required=0" into a file of /etc/modprobe.d';
  return value === undefined
    ? { when: 'while reset_required is Y, its default', sure: false, wayOut: `put ${option} before it is loaded` }
    : { when: STRICT, sure: !fromBlob, wayOut: `put ${option} and load vfio-platform anew` };
}
