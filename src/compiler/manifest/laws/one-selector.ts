import type { Diagnostic } from '../../../model/index.ts';
import { entryOf, spanOf } from '../../source/index.ts';
import { oneSelector, selectorModifier } from '../diagnostics.ts';
import { devicesOf, keySpan, mapsIn, type Law, type Part, vmsOf } from './law.ts';

const SELECTORS = ['pci', 'sysfs', 'id', 'class', 'netdev', 'block', 'vf', 'serial', 'topology', 'platform'];
/** Selectors that can match several devices. */
const PLURAL = ['id', 'class'];
const MODIFIERS = ['index', 'slot', 'all'];

/** Ways in which a physical function is named that stays with the host. */
const PF_SELECTORS = ['pci', 'sysfs', 'netdev'];

/** Every device is named in exactly one way, and says which of several matches only where there can be several. */
export const oneSelectorEach: Law = ({ root, shape }) => [
  ...vmsOf(root)
    .flatMap(devicesOf)
    .filter(({ path }) => !shape.isFaulty(path))
    .flatMap((device) => [...selectors(device, SELECTORS), ...modifiers(device)]),
  ...mapsIn(root, 'virtualFunctions')
    .filter(({ path }) => !shape.isFaulty(path))
    .flatMap((pf) => selectors(pf, PF_SELECTORS)),
];

function selectors({ map, path, keyAt }: Part, kinds: readonly string[]): Diagnostic[] {
  const given = map.entries.filter(({ key }) => kinds.includes(key));
  const [first, ...others] = given;
  if (!first) {
    const detail = `"${path.at(-1)}" does not say which device it is. Give it one of ${kinds.join(', ')}.`;
    return [oneSelector({ detail, at: spanOf(keyAt) })];
  }
  const [second] = others;
  if (!second) return [];
  const detail = `"${path.at(-1)}" is named by ${given.map(({ key }) => `"${key}"`).join(' and by ')}. Keep one; what the device must also be goes under "expect".`;
  const related = given
    .filter((entry) => entry !== second)
    .map((entry) => ({ message: `also named by "${entry.key}"`, at: keySpan(entry) }));
  return [oneSelector({ detail, at: keySpan(second), related })];
}

function modifiers({ map }: Part): Diagnostic[] {
  const found: Diagnostic[] = [];
  const plural = map.entries.some(({ key }) => PLURAL.includes(key));
  const selector = map.entries.find(({ key }) => SELECTORS.includes(key));
  for (const entry of map.entries.filter(({ key }) => MODIFIERS.includes(key))) {
    if (plural || !selector) continue;
    const detail = `"${entry.key}" chooses among several matches, and "${selector.key}" names one device. Use it with "id" or "class", or leave it out.`;
    const related = [{ message: 'the device is named here', at: keySpan(selector) }];
    found.push(selectorModifier({ detail, at: keySpan(entry), related }));
  }
  const index = entryOf(map, 'index');
  const all = entryOf(map, 'all');
  if (plural && index && all?.value.kind === 'scalar' && all.value.value === true) {
    const detail = '"index" takes one of the matches and "all" takes every one. Keep one of them.';
    found.push(
      selectorModifier({ detail, at: keySpan(all), related: [{ message: 'one is chosen here', at: keySpan(index) }] }),
    );
  }
  return found;
}
