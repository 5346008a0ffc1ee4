import type { SpecifierCells } from './phandles.ts';

export type DependencyKind =
  | 'clock'
  | 'reset'
  | 'power-domain'
  | 'regulator'
  | 'phy'
  | 'phy-handle'
  | 'pinctrl'
  | 'dma'
  | 'interconnect'
  | 'nvmem'
  | 'mailbox'
  | 'hwlock'
  | 'memory-region'
  | 'pwm'
  | 'io-channel'
  | 'gpio';

/** How a property that names providers is read. */
export interface DependencyProperty {
  readonly kind: DependencyKind;
  readonly cells: SpecifierCells;
  /** The property with the names of its entries; null where there is none. */
  readonly names: string | null;
  /** How many entries share one name. */
  readonly perName: number;
  /** Which of the names all entries have, where the property is one of a numbered row; null where they follow in order. */
  readonly nameAt: number | null;
  /** The name of every entry, where the property's own name has it. */
  readonly ownName: string | null;
}

type Row = readonly [property: string, kind: DependencyKind, cells: SpecifierCells, names: string | null];

const FIXED: SpecifierCells = { fixed: 0 };
const counted = (property: string, orElse?: number): SpecifierCells =>
  orElse === undefined ? { property } : { property, orElse };

/** From the bindings, and where Linux has it from the table of_supplier_bindings in drivers/of/property.c. */
const ROWS: readonly Row[] = [
  ['clocks', 'clock', counted('#clock-cells'), 'clock-names'],
  ['resets', 'reset', counted('#reset-cells'), 'reset-names'],
  ['power-domains', 'power-domain', counted('#power-domain-cells'), 'power-domain-names'],
  ['phys', 'phy', counted('#phy-cells'), 'phy-names'],
  ['phy-handle', 'phy-handle', FIXED, null],
  ['tbi-handle', 'phy-handle', FIXED, null],
  ['dmas', 'dma', counted('#dma-cells'), 'dma-names'],
  ['interconnects', 'interconnect', counted('#interconnect-cells'), 'interconnect-names'],
  ['nvmem-cells', 'nvmem', counted('#nvmem-cell-cells', 0), 'nvmem-cell-names'],
  ['nvmem', 'nvmem', FIXED, 'nvmem-names'],
  ['mboxes', 'mailbox', counted('#mbox-cells'), 'mbox-names'],
  ['hwlocks', 'hwlock', counted('#hwlock-cells'), 'hwlock-names'],
  ['memory-region', 'memory-region', FIXED, 'memory-region-names'],
  ['usb-phy', 'phy', FIXED, null],
  ['pwms', 'pwm', counted('#pwm-cells'), 'pwm-names'],
  ['io-channels', 'io-channel', counted('#io-channel-cells'), 'io-channel-names'],
  ['gpios', 'gpio', counted('#gpio-cells'), null],
  ['gpio', 'gpio', counted('#gpio-cells'), null],
];
const BY_NAME: ReadonlyMap<string, DependencyProperty> = new Map(
  ROWS.map(([property, kind, cells, names]) => [
    property,
    // An interconnect is a pair, from and to, with one name.
    { kind, cells, names, perName: kind === 'interconnect' ? 2 : 1, nameAt: null, ownName: null },
  ]),
);

/** How to read a property; null where it names no provider. */
export function matchProperty(property: string): DependencyProperty | null {
  const known = BY_NAME.get(property);
  if (known) return known;
  const supply = /^(.+)-supply$/.exec(property)?.[1];
  if (supply !== undefined) return plain('regulator', FIXED, supply);
  const state = /^pinctrl-(\d{1,4})$/.exec(property)?.[1];
  if (state !== undefined) {
    return { ...plain('pinctrl', FIXED, null), names: 'pinctrl-names', nameAt: Number(state) };
  }
  // `nr-gpios` is a count, and so is `<vendor>,nr-gpios`.
  const gpio = /^(.+)-gpios?$/.exec(property)?.[1];
  return gpio === undefined || /(^|,)nr$/.test(gpio) ? null : plain('gpio', counted('#gpio-cells'), gpio);
}

const plain = (kind: DependencyKind, cells: SpecifierCells, ownName: string | null): DependencyProperty => ({
  kind,
  cells,
  names: null,
  perName: 1,
  nameAt: null,
  ownName,
});
