import {
  defineDiagnostic,
  type DomainContext,
  formatBytes,
  type PluginLaw,
  type ResolvedMemory,
} from 'vfio-compose/plugin';
import { type Backend, identify } from '../backend.ts';
import { demandOf, windowPlanOf } from '../demand.ts';
import { regionProblem } from '../windows/breach.ts';
import { ADDRESS_END, SMALLEST } from '../windows/hardware.ts';
import { demandInWords, layoutInWords, memoryInWords, plural } from './words.ts';

export const pamuTooManyWindows = defineDiagnostic({
  code: 'pamu-too-many-windows',
  severity: 'error',
  category: 'manifest',
  summary: 'The memory needs more windows than a PAMU has',
  explanation: `An aperture is cut into equal windows: a power of two of them, and 256 at most on the chips that are documented. Each
piece of memory begins where a window begins, and a window holds a power of two of bytes. So memory at an odd address, of an odd
size, or far from other memory makes the windows small and their number large.

Put memory at multiples of its own size, near to each other, beginning at a multiple of all of it; use sizes that are powers of
two; leave out MSI banks that nobody needs.`,
});

/** Memory and banks fit the windows that a device has (R-PAMU-2, R-PAMU-4). */
export const tooManyWindows: PluginLaw<DomainContext> = {
  id: 'pamu-too-many-windows',
  reports: [pamuTooManyWindows],
  *check(context) {
    const shortfall = windowPlanOf(context)?.shortfall;
    const { vm, host } = context;
    const identified = identify(host);
    if (!('backend' in identified)) return;
    const { backend } = identified;
    if (shortfall?.kind === 'banks') {
      const detail = `${demandInWords(vm)} of ${vm.name} do not fit: the memory alone takes ${layoutInWords(shortfall.without)}, which leaves no room at the top for ${plural(vm.msi.banks, 'MSI bank')}, and a PAMU has ${backend.maxWindows} windows. Ask for fewer banks, or for memory of a size and at an address that larger windows fit.`;
      yield pamuTooManyWindows({ detail, at: vm.msi.at });
    }
    if (shortfall?.kind === 'windows') {
      const { memory, window } = hardestToCut(context, backend);
      const detail = `${demandInWords(vm)} of ${vm.name} need ${layoutInWords(shortfall.needed)}, and a PAMU has ${backend.maxWindows} windows. The largest window that can hold the memory at ${memoryInWords(memory)} has ${formatBytes(window)}: move it to a multiple of a larger power of two, or give it a size that is one.`;
      yield pamuTooManyWindows({ detail, at: memory.iovaAt });
    }
  },
};

/** The memory that allows the smallest windows only, and how large they can be. */
function hardestToCut({ vm, host }: DomainContext, backend: Backend): { memory: ResolvedMemory; window: bigint } {
  const { regions, hardware } = demandOf(vm, host, backend);
  return regions
    .flatMap((region, index) => {
      const memory = vm.memory[index];
      let window: bigint = ADDRESS_END;
      while (window > SMALLEST && regionProblem(region, window, hardware) !== null) window >>= 1n;
      return memory ? [{ memory, window }] : [];
    })
    .reduce((hardest, one) => (one.window < hardest.window ? one : hardest));
}
