import { isObject } from './metadata.ts';

const ID = /^[0-9a-f]{4}$/;
const CLASS = /^([0-9a-f]{2}){1,3}$/;

/** What is wrong with the `matches` of a reset plugin: one that can match nothing would never be missed. */
export function faultsOfMatches(matches: unknown): string[] {
  if (!Array.isArray(matches) || matches.length === 0) return ['matches is not a list of what it is for'];
  return matches.flatMap((match: unknown, index) => {
    const fault = isObject(match) ? faultOf(match) : 'is not an object';
    return fault === undefined ? [] : [`matches[${index}] ${fault}`];
  });
}

function faultOf({ compatible, pci }: Readonly<Record<string, unknown>>): string | undefined {
  if ((compatible === undefined) === (pci === undefined)) return 'has either "compatible" or "pci"';
  if (pci === undefined) {
    const good = typeof compatible === 'string' && /^[\x21-\x7e]+$/.test(compatible);
    return good ? undefined : 'has a "compatible" that is not one string without spaces';
  }
  if (!isObject(pci)) return 'has a "pci" that is not an object';
  const { vendor, device, subsystem, class: code, ...others } = pci;
  const [unknown] = Object.keys(others);
  if (unknown !== undefined) return `has "${unknown}" in "pci", which is no such key`;
  const bad = Object.entries({ vendor, device }).find(([, id]) => id !== undefined && !isId(id));
  if (bad) return `has a ${bad[0]} that is not four hexadecimal digits, written small`;
  if (device !== undefined && vendor === undefined) return 'has a device without its vendor';
  if (code !== undefined && !(typeof code === 'string' && CLASS.test(code))) {
    return 'has a class that is not two, four or six hexadecimal digits, written small';
  }
  const pair = isObject(subsystem) && isId(subsystem['vendor']) && isId(subsystem['device']);
  return subsystem === undefined || pair ? undefined : 'has a subsystem without vendor and device';
}

const isId = (value: unknown): boolean => typeof value === 'string' && ID.test(value);
