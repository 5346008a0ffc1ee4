import { defineDiagnostic, resetMethodsOn, titleOf } from '../../model/index.ts';
import type { PciDevice } from '../../model/index.ts';
import type { Rule } from './rule.ts';
import { assignedDevices, isPciEntry } from './shared/assignments.ts';

export const resetNotPossible = defineDiagnostic({
  code: 'reset-not-possible',
  severity: 'error',
  category: 'host',
  summary: 'The device cannot be reset',
  explanation: `A device that is not reset keeps the state of its last owner: it may go on with DMA and interrupts, and
may hold data. The default is therefore that a reset is required. The kernel lists what it can do in the device's
\`reset_method\` (flr, af_flr, pm, bus, …); for this device it lists nothing that works, so VFIO_DEVICE_RESET would fail.

\`bus\` works only for a function that is alone on its bus. The first function of a card lists it all the same, since the
kernel looks before it has found the others; the typical case is a graphics card with its sound function
(pci_parent_bus_reset in drivers/pci/pci.c).

Look whether \`reset_method\` was emptied by hand (\`echo default > …/reset_method\`). Where a device without a reset is
acceptable, write \`reset: preferred\` (a warning) or \`reset: none\`.`,
});

/** A device whose reset is required has a way to be reset (R-RESET-3, R-GROUP-5). */
export const resetNotPossibleRule: Rule = {
  id: 'reset-not-possible',
  reports: [resetNotPossible],
  check({ manifest, host }) {
    return assignedDevices(manifest)
      .filter(isPciEntry)
      .filter((entry) => entry.reset !== 'none' && resetMethodsOn(host, entry.device).length === 0)
      .map((entry) => {
        const why = `The kernel has no way to reset ${titleOf(entry)}: ${reasonOf(entry.device)}, so it would keep the state of its last owner.`;
        if (entry.reset === 'preferred') {
          const detail = `${why} It is handed over without a reset (reset: preferred).`;
          return resetNotPossible({ detail, at: entry.selectorAt, severity: 'warning' });
        }
        const detail = `${why} Where that is acceptable, write "reset: preferred" or "reset: none".`;
        return resetNotPossible({ detail, at: entry.selectorAt });
      });
  },
};

const reasonOf = ({ resetMethods }: PciDevice): string =>
  resetMethods.length === 0
    ? 'its reset_method is empty'
    : `its reset_method has only ${resetMethods.join(', ')}, which works for a function that is alone on its bus, and others are beside it`;
