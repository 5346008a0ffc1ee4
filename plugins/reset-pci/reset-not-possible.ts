import { defineDiagnostic, type PluginLaw, type ResetLawContext } from 'vfio-compose/plugin';
import { handedOver, titleOf } from './words.ts';
import { wayOf } from './way.ts';

export const resetNotPossible = defineDiagnostic({
  code: 'reset-not-possible',
  severity: 'error',
  category: 'host',
  summary: 'The device cannot be reset',
  explanation: `A device that is not reset keeps the state of its last owner: it may go on with DMA and interrupts, and
may hold data. The default is therefore that a reset is required. The kernel lists what it can do in the device's
\`reset_method\` (flr, af_flr, pm, bus, …). For this device it lists nothing, so VFIO_DEVICE_RESET would fail, and no
function on its bus lists \`bus\`, so a reset of the whole bus is out as well.

Look whether \`reset_method\` was emptied by hand (\`echo default > …/reset_method\`). Note that \`default\` looks anew: a
function that has others beside it loses \`bus\` by that, until the card is removed and found again
(\`echo 1 > …/remove\`, \`echo 1 > /sys/bus/pci/rescan\`). Where a device without a reset is acceptable, write
\`reset: preferred\` (a warning) or \`reset: none\`.`,
});

/** A device whose reset is required has a way to be reset (R-RESET-3, R-GROUP-5). */
export const resetNotPossibleLaw: PluginLaw<ResetLawContext> = {
  id: 'reset-not-possible',
  reports: [resetNotPossible],
  *check({ target, entry }) {
    if (entry.reset === 'none' || wayOf(target).kind !== 'none') return;
    const beside = target.pci !== null && target.pci.neighbours.length > 1;
    const bus = beside ? ', and no function of its bus lists bus' : '';
    const why = `The kernel has no way to reset ${titleOf(entry)}: its reset_method is empty${bus}. It would keep the state of its last owner.`;
    yield resetNotPossible({
      ...handedOver(entry, why, 'Where that is acceptable, write "reset: preferred" or "reset: none".'),
      at: entry.selectorAt,
    });
  },
};
