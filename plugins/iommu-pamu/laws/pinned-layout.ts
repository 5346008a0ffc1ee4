import {
  defineDiagnostic,
  type DomainContext,
  formatBytes,
  hex,
  type PluginLaw,
  type ResolvedVm,
  unreachable,
} from 'vfio-compose/plugin';
import { identify } from '../backend.ts';
import { windowPlanOf } from '../demand.ts';
import type { Breach } from '../windows/breach.ts';
import { isPowerOfTwo, powerOfTwoFrom } from '../windows/hardware.ts';
import { bankWindows, lastOfLayout, type Layout, windowSize } from '../windows/layout.ts';
import { demandInWords, layoutInWords, memoryInWords, plural } from './words.ts';

export const pamuLayoutIllegal = defineDiagnostic({
  code: 'pamu-layout-illegal',
  severity: 'error',
  category: 'manifest',
  summary: 'The aperture or the number of windows cannot be set so',
  explanation: `The options \`aperture\` and \`windows\` of the PAMU are taken as they are, if the hardware can have them so:

- an aperture is a power of two of bytes, at least 4 KiB, begins at a multiple of its size, and ends within 36 bits
  (VFIO's call fails with EINVAL; drivers/iommu/fsl_pamu_domain.c);
- the number of windows is a power of two, at most what the hardware has, and a window has at least 4 KiB;
- memory lies inside the aperture, begins where a window begins, and fills its windows: the last one may hold a smaller power
  of two where the kernel maps less than a window (\`dialect\` \`on-demand\`); its pages are at least as large as what is in a window;
- the windows at the top are free, one for each MSI bank.

Leave the options out, and the smallest aperture and the fewest windows are chosen. The finding names them.`,
});

/** What is pinned is what the hardware can have (R-PAMU-4). */
export const pinnedLayout: PluginLaw<DomainContext> = {
  id: 'pamu-layout-illegal',
  reports: [pamuLayoutIllegal],
  *check(context) {
    const shortfall = windowPlanOf(context)?.shortfall;
    const { vm, host } = context;
    const identified = identify(host);
    if (shortfall?.kind !== 'pinned' || !('backend' in identified)) return;
    const { tried, breaches, instead } = shortfall;
    const { maxWindows } = identified.backend;
    const advice = instead
      ? `${demandInWords(vm)} need ${layoutInWords(instead)}: write that, or leave the options out.`
      : 'Without the options there is no layout either: leave them out to see why.';
    for (const breach of breaches) {
      const place = 'region' in breach ? vm.memory[breach.region]?.iovaAt : undefined;
      const detail = `${sentence(breach, tried, vm, maxWindows)} ${advice}`;
      yield pamuLayoutIllegal({ detail, at: place ?? vm.iommu.at });
    }
  },
};

function sentence(breach: Breach, layout: Layout, vm: ResolvedVm, maxWindows: number): string {
  const { first, size, windows } = layout;
  const memory = 'region' in breach ? vm.memory[breach.region] : undefined;
  const whose = memory ? `The memory of ${vm.name}, ${memoryInWords(memory)},` : '';
  switch (breach.kind) {
    case 'aperture-size':
      return `An aperture of ${formatBytes(size)} is no power of two of at least 4 KiB; the next one is ${formatBytes(powerOfTwoFrom(size > 4096n ? size : 4096n))}.`;
    case 'aperture-start':
      return `An aperture of ${formatBytes(size)} begins at a multiple of that, and ${hex(first)} is none; ${hex((first / size) * size)} is the one below.`;
    case 'address-width':
      return `The aperture ends beyond the 36 bits that a PAMU translates.`;
    case 'window-count':
      return `${plural(windows, 'window')}: their number is a power of two.`;
    case 'too-many-windows':
      return `${plural(windows, 'window')} are more than the ${maxWindows} that the hardware has.`;
    case 'window-size':
      return `${plural(windows, 'window')} of ${formatBytes(size)} are smaller than 4 KiB each.`;
    case 'outside':
      return `${whose} is not inside the aperture ${hex(first)} to ${hex(lastOfLayout(layout))}.`;
    case 'boundary':
      return `${whose} does not begin where a window of ${formatBytes(windowSize(layout))} begins.`;
    case 'remainder':
      return `${whose} does not fill its windows of ${formatBytes(windowSize(layout))}: ${formatBytes((memory?.size ?? 0n) % windowSize(layout))} are left over${isPowerOfTwo((memory?.size ?? 0n) % windowSize(layout)) ? ', and this kernel maps whole windows only' : ', which is no power of two'}.`;
    case 'pages':
      return `${whose} is in pages smaller than a window of ${formatBytes(windowSize(layout))}, and what is behind a window is one piece of physical memory.`;
    case 'banks':
      return `${plural(vm.msi.banks, 'MSI bank')} have no room: the windows from ${hex(bankWindows(layout, Math.min(vm.msi.banks, windows)).at(-1)?.iova ?? first)} up are not free.`;
    default:
      return unreachable(breach);
  }
}
