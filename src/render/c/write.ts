import { hex, type StepKind, type StepOf } from '../../model/index.ts';
import { cString } from './escape.ts';

/** The constant of a handle. */
export type HandleOf = (handle: string) => string;

/** How a kind of step fills in its member of the union in `struct step` (templates/c/step.c): `handle = H_GROUP_6`. */
export type ArgumentsOf<K extends StepKind> = (step: StepOf<K>, of: HandleOf) => string;

/** `designator = { .member = value, ... }`, without the members that have no value. */
export function members(
  designator: string,
  values: Readonly<Record<string, string | number | boolean | undefined>>,
): string {
  const given = Object.entries(values).filter(([, value]) => value !== undefined);
  return `${designator} = { ${given.map(([name, value]) => `.${name} = ${String(value)}`).join(', ')} }`;
}

/** A pointer to constant elements; a null pointer to none. */
export const array = (type: string, elements: readonly string[]): string =>
  elements.length === 0 ? 'NULL' : `(const ${type}[]){ ${elements.join(', ')} }`;

export const device = (step: { readonly device: { readonly bus: string; readonly address: string } }): string =>
  `{ ${bus(step.device.bus)}, ${cString(step.device.address)} }`;

export const bus = (name: string): string => name.toUpperCase();

/** 0 stands for ordinary pages. */
export const pageSize = (size: bigint | null): string => (size === null ? '0' : hex(size));
