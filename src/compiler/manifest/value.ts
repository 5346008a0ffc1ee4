import type { Node, ScalarValue } from '../source/index.ts';

/** A document as plain values. */
export type PlainValue = string | number | boolean | null | PlainValue[] | PlainMap;
export interface PlainMap {
  [key: string]: PlainValue;
}

/** Plain values of a tree. Whole numbers beyond 53 bits become `0x…` texts, which every size and address may be. */
export function toValue(node: Node): PlainValue {
  switch (node.kind) {
    case 'scalar':
      return scalar(node.value);
    case 'seq':
      return node.items.map(toValue);
    case 'map': {
      const map: PlainMap = {};
      for (const { key, value } of node.entries) setOwn(map, key, toValue(value));
      return map;
    }
  }
}

/** Sets a key, also where JavaScript would take it for something else (`__proto__`). */
export function setOwn(map: PlainMap, key: string, value: PlainValue): void {
  if (key === '__proto__')
    Object.defineProperty(map, key, { value, enumerable: true, configurable: true, writable: true });
  else map[key] = value;
}

function scalar(value: ScalarValue): string | number | boolean | null {
  if (typeof value !== 'bigint') return value;
  const number = Number(value);
  if (Number.isSafeInteger(number)) return number;
  return value < 0n ? `-0x${(-value).toString(16)}` : `0x${value.toString(16)}`;
}
