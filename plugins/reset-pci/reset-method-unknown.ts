import { defineDiagnostic, type PluginLaw, type ResetLawContext } from 'vfio-compose/plugin';
import { UNKNOWN } from './methods.ts';
import { titleOf } from './words.ts';

export const resetMethodUnknown = defineDiagnostic({
  code: 'reset-method-unknown',
  severity: 'warning',
  category: 'host',
  summary: 'The kernel does not say how it would reset the device',
  explanation: `Kernels before 5.15 show that a device can be reset (the attribute \`reset\`), and not how
(\`reset_method\` came with 5.15). The plan asks for VFIO_DEVICE_RESET. It fails where the one method is that of the bus and
another function is on it, as with a graphics card and its sound function: the kernel had looked before it found the
other.

\`up\` then stops at that step and puts everything back. A newer kernel says beforehand; \`reset: preferred\` lets \`up\` go
on without the reset.`,
});

/** Where the kernel cannot be asked and the reset may come to nothing, it is said beforehand (R-GROUP-5). */
export const resetMethodUnknownLaw: PluginLaw<ResetLawContext> = {
  id: 'reset-method-unknown',
  reports: [resetMethodUnknown],
  *check({ target: { pci }, entry }) {
    if (entry.reset === 'none' || !pci?.methods.includes(UNKNOWN) || pci.neighbours.length < 2) return;
    const detail = `This kernel does not say how it would reset ${titleOf(entry)}, and other functions are on its bus. If its one method is that of the bus, the reset fails. A kernel from 5.15 on says beforehand; "reset: preferred" goes on without it.`;
    yield resetMethodUnknown({ detail, at: entry.selectorAt });
  },
};
