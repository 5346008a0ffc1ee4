import type { CorrelationRow, InterruptRow, RegionFlags, RegionRow } from '../../devicetree/index.ts';
import { formatBytes, hex, printable } from '../../model/index.ts';
import { columnLine, columnWidths } from '../inventory-columns.ts';
import { addressWords, routeWords } from './words.ts';

const REGION_HEAD = ['vfio_index', 'kind', 'tree path', 'property', 'dt_index', 'address', 'size', 'flags', 'name'];
const INTERRUPT_HEAD = [
  'vfio_index',
  'kind',
  'tree path',
  'property',
  'dt_index',
  'controller',
  'number',
  'trigger',
  'route',
  'name',
];

/** What an address says about itself, in words. */
export const flagWords = ({ space, prefetchable, wide }: RegionFlags): string[] => [
  space,
  ...(prefetchable ? ['prefetchable'] : []),
  ...(wide ? ['64-bit'] : []),
];

const indexWord = (index: number | null): string => (index === null ? '-' : String(index));

const regionCells = (row: RegionRow): string[] => [
  indexWord(row.vfioIndex),
  row.kind,
  row.path,
  row.property,
  String(row.dtIndex),
  addressWords(row.address),
  `${hex(row.size)} (${formatBytes(row.size)})`,
  row.reason ?? flagWords(row.flags).join(' '),
  row.name ?? '-',
];

const interruptCells = (row: InterruptRow): string[] => [
  indexWord(row.vfioIndex),
  row.kind,
  row.path,
  row.property,
  String(row.dtIndex),
  row.controller ?? '-',
  row.hwirq === null ? '-' : String(row.hwirq),
  row.trigger,
  row.reason ?? routeWords(row),
  row.name ?? '-',
];

/** The correlation table (R-TREE-2): regions first, then interrupts, each in columns. */
export function tableLines(rows: readonly CorrelationRow[]): string[] {
  const regions = rows.filter((row) => row.kind === 'region').map(regionCells);
  const interrupts = rows.filter((row) => row.kind === 'interrupt').map(interruptCells);
  return [...columns(REGION_HEAD, regions), ...columns(INTERRUPT_HEAD, interrupts)];
}

/** Rows under their heads, set apart by an empty line; nothing where there is no row. */
export function columns(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  if (rows.length === 0) return [];
  const all = [head, ...rows.map((row) => row.map(printable))];
  const widths = columnWidths(all);
  return ['', ...all.map((row) => `  ${columnLine(row, widths)}`)];
}
