import { defineResetPlugin, type ResetAction, type ResetTarget } from 'vfio-compose/plugin';
import { busResetHitsOthersLaw } from './bus-reset-hits-others.ts';
import { explain } from './methods.ts';
import { reg } from './registers.ts';
import { resetMethodUnknownLaw } from './reset-method-unknown.ts';
import { resetNotPossibleLaw } from './reset-not-possible.ts';
import { wayOf } from './way.ts';

/**
 * One write turns off everything by which a function reaches the host: DMA and the messages of MSI and MSI-X, which are
 * memory writes as well, with the bus master bit; its line with INTX_DISABLE. What it decodes goes with them.
 *
 * The read-back leaves INTX_DISABLE out: vfio-pci keeps that bit itself and returns what was written, whatever the
 * function holds (init_pci_cap_basic_perm in drivers/vfio/pci/vfio_pci_config.c). The other three come from the function.
 */
const QUIESCE: readonly ResetAction[] = [
  reg.PCI_COMMAND.write(reg.PCI_COMMAND.bits.INTX_DISABLE, 'quiesce: bus mastering off before its memory goes'),
  reg.PCI_COMMAND.expectClear(['IO', 'MEMORY', 'MASTER'], 'the function says that it does no more DMA'),
];

export default defineResetPlugin({
  name: 'pci',
  version: '0.1.0',
  summary: 'Quiesces a PCI function, and resets it by what the kernel has: alone, or with its whole bus.',
  matches: [{ pci: {} }],
  laws: [resetNotPossibleLaw, busResetHitsOthersLaw, resetMethodUnknownLaw],
  // The kernel turns bus mastering off when it opens a function (vfio_pci_core_enable), and again, with a reset, when its
  // last descriptor goes with whoever held it (vfio_pci_core_disable): only a user that is done leaves something to do.
  quiesce: (_target, _options, moment) => (moment === 'after-use' ? QUIESCE : []),
  reset: (target, _options, moment) => (moment === 'after-crash' ? [] : resetOf(target)),
});

function resetOf(target: ResetTarget): readonly ResetAction[] {
  const way = wayOf(target);
  switch (way.kind) {
    case 'alone':
      return [{ kind: 'kernel-reset', why: explain(way.methods) }];
    case 'whole-bus': {
      const functions = way.functions.map(({ device }) => device.address).join(', ');
      return [{ kind: 'hot-reset', why: `a reset of the whole bus or slot, all of ${way.vm}: ${functions}` }];
    }
    // Where a reset is required, the laws have refused these.
    case 'with-others':
    case 'none':
      return [];
  }
}
