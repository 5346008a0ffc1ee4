import { type DomainContext, type DomainMapping, type DomainStep, formatBytes, hex } from 'vfio-compose/plugin';
import { settled } from './demand.ts';
import {
  expectGeometry,
  expectWindows,
  getMsiBankCount,
  mapMsiBank,
  setGeometry,
  setWindows,
  unmapMsiBank,
} from './ioctls.ts';
import { bankWindows, lastOfLayout, type Layout, mappingsOf, windowSize } from './windows/layout.ts';

const banksInWords = (banks: number): string => (banks === 1 ? '1 MSI bank' : `${banks} MSI banks`);

const windowsInWords = (layout: Layout): string =>
  `${layout.windows === 1 ? '1 window' : `${layout.windows} windows`} of ${formatBytes(windowSize(layout))}`;

/**
 * How many banks there are, the aperture, its windows, in this order (R-PAMU-1). What was set is read back: a vendor's
 * kernel says success whatever came of it (R-PAMU-6).
 */
export function configure(context: DomainContext): readonly DomainStep[] {
  const { backend, demand, layout } = settled(context);
  const { dialect } = backend;
  const counted: DomainStep = {
    ...getMsiBankCount(dialect, demand.banks),
    subject: 'msi-banks',
    cause: `room is left for ${banksInWords(demand.banks)}`,
  };
  if (!layout) return [counted];
  const readBack = 'the kernel may say success where nothing was set';
  return [
    counted,
    {
      ...setGeometry(dialect, layout),
      subject: 'geometry',
      cause: `${formatBytes(layout.size)} from ${hex(layout.first)} to ${hex(lastOfLayout(layout))} hold the memory and ${banksInWords(demand.banks)}`,
    },
    { ...expectGeometry(dialect, layout), subject: 'geometry/read-back', cause: readBack },
    {
      ...setWindows(dialect, layout),
      subject: 'windows',
      cause: `${windowsInWords(layout)}, memory from the bottom up, MSI banks from the top down`,
    },
    { ...expectWindows(dialect, layout), subject: 'windows/read-back', cause: readBack },
  ];
}

/** One for each window, from the bottom up (R-PAMU-2); the first says what it does besides (R-PAMU-3). */
export function mappings(context: DomainContext): readonly DomainMapping[] {
  const { backend, demand, layout } = settled(context);
  if (!layout) return [];
  const own = banksInWords(demand.banks);
  const onDemand = backend.dialect === 'on-demand' && demand.banks > 0;
  // What is mapped first is unmapped last.
  const first = {
    remark: `the aperture becomes active${onDemand ? `, and the kernel maps ${own} now` : ''}`,
    undoRemark: `the last mapping: the aperture closes${onDemand ? `, and the kernel takes ${own} away` : ''}`,
  };
  return mappingsOf(layout, demand.regions).map(({ region, offset, iova, size }, index) => ({
    memory: region,
    offset,
    iova,
    size,
    ...(index === 0 ? first : {}),
  }));
}

/** The banks, where the kernel does not map them itself: before interrupts, whose doorbells it looks for there. */
export function complete(context: DomainContext): readonly DomainStep[] {
  const { backend, demand, layout } = settled(context);
  if (!layout || backend.dialect === 'on-demand') return [];
  return bankWindows(layout, demand.banks).map((place) => ({
    ...mapMsiBank(place),
    subject: `msi-bank/${place.bank}`,
    cause: 'an MSI is a write to its bank; the kernel gives out no vector of a bank that is not mapped',
    undo: { ...unmapMsiBank(place), cause: 'no interrupt of the devices is left' },
  }));
}
