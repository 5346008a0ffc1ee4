import fc from 'fast-check';
import { childPath, treeOf, type DeviceTree, type FlatNode } from '../model/index.ts';

const NODE_CHARACTERS = [...'abzAZ019,._+-'];
const PROPERTY_CHARACTERS = [...NODE_CHARACTERS, ...'*#?'];

const nameOf = (characters: readonly string[]): fc.Arbitrary<string> =>
  fc.oneof(
    fc.string({ unit: fc.constantFrom(...characters), minLength: 1, maxLength: 12 }),
    fc.constantFrom('reg', 'compatible', '__proto__', 'constructor', 'a'.repeat(255), '0', 'b-b.b'),
  );

const propertyName = nameOf(PROPERTY_CHARACTERS);

const nodeName = fc
  .tuple(
    nameOf(NODE_CHARACTERS).filter((base) => base !== '.' && base !== '..'),
    fc.option(fc.string({ unit: fc.constantFrom(...NODE_CHARACTERS), maxLength: 8 })),
  )
  .map(([base, unit]) => (unit === null ? base : `${base.slice(0, 200)}@${unit}`));

const text = fc.string({ unit: fc.constantFrom(...'aZ09 "\\\'\n\t\r\u0007\u001b/*;{}<>[]&\u00ff'), maxLength: 8 });

const value = fc.oneof(
  fc.uint8Array({ maxLength: 24 }),
  fc.array(text, { maxLength: 4 }).map((texts) => Uint8Array.from(texts.join('\0') + '\0', (c) => c.charCodeAt(0))),
  fc.constant(new Uint8Array(0)),
);

/** A node before it has a path. */
interface RandomNode {
  readonly properties: readonly (readonly [string, Uint8Array])[];
  readonly children: readonly (readonly [string, RandomNode])[];
}

/** A node with up to so many levels below. */
function nodeOf(levels: number): fc.Arbitrary<RandomNode> {
  const properties = fc.uniqueArray(fc.tuple(propertyName, value), { selector: ([key]) => key, maxLength: 5 });
  const children: fc.Arbitrary<RandomNode['children']> =
    levels === 0
      ? fc.constant([])
      : fc.uniqueArray(fc.tuple(nodeName, nodeOf(levels - 1)), { selector: ([key]) => key, maxLength: 4 });
  return fc.record({ properties, children });
}

function* flatten(path: string, { properties, children }: RandomNode): Generator<FlatNode> {
  yield { path, properties: new Map(properties) };
  for (const [key, child] of children) yield* flatten(childPath(path, key), child);
}

/** Trees of all names and values there may be, none of which mean anything. */
export const randomDeviceTree: fc.Arbitrary<DeviceTree> = nodeOf(3).map((root) => treeOf(flatten('/', root)));
