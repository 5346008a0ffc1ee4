import document from '../../../schema/manifest.schema.json' with { type: 'json' };
import type { Path } from '../../model/index.ts';
import type { Node } from '../source/index.ts';
import { type SchemaType, typeOf } from './kinds.ts';

/** The part of JSON Schema that the manifest's schema uses. */
export interface Schema {
  readonly title?: string;
  readonly description?: string;
  readonly examples?: readonly unknown[];
  readonly type?: SchemaType;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly oneOf?: readonly Schema[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: boolean | Schema;
  readonly propertyNames?: Schema;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly pattern?: string;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minProperties?: number;
  readonly maxProperties?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly $ref?: string;
  /** The name of the definition that a reference led to; not in the file. */
  readonly definition?: string;
}

const schema = document as unknown as Schema & { readonly $defs: Readonly<Record<string, Schema>> };

const PREFIX = '#/$defs/';

/** Follows references. What stands beside a reference (its title, description, examples) wins over what it leads to. */
function follow(reference: Schema): Schema {
  if (reference.$ref === undefined) return reference;
  const { $ref, ...beside } = reference;
  const definition = $ref.slice(PREFIX.length);
  return { definition, ...follow(schema.$defs[definition] ?? {}), ...beside };
}

/** The variants that a value may have: one, unless the schema offers a choice. */
export function variantsOf(reference: Schema): readonly Schema[] {
  const followed = follow(reference);
  if (!followed.oneOf) return [followed];
  const { oneOf, ...around } = followed;
  return oneOf.flatMap((variant) => variantsOf(variant).map((inner) => ({ ...inner, ...around })));
}

/** The type that a schema demands; one without a type has a constant or a choice of texts. */
export const typeDemanded = ({ type, const: constant }: Schema): SchemaType =>
  type ?? (typeof constant === 'number' ? 'integer' : 'string');

/**
 * An unquoted value that looks like a number but stands where only a text can: the class `0200`, the address `05.0`, the
 * serial number `123456`. Its text is what was meant. Everything else is returned as it is.
 */
export function readAs(reference: Schema, node: Node): Node {
  if (node.kind !== 'scalar' || !node.plain) return node;
  if (typeof node.value !== 'bigint' && typeof node.value !== 'number') return node;
  const types = variantsOf(reference).map(typeDemanded);
  return types.includes('string') && !types.includes('integer') ? { ...node, value: node.raw } : node;
}

/** The variant that a value was meant as: the one of its type; of several kinds of map, the first with one of its keys. */
export function variantFor(reference: Schema, node: Node): Schema | undefined {
  const fitting = variantsOf(reference).filter((variant) => typeDemanded(variant) === typeOf(node));
  if (node.kind !== 'map' || fitting.length < 2) return fitting[0];
  return fitting.find((variant) => node.entries.some(({ key }) => childSchema(variant, key))) ?? fitting[0];
}

/** The other kinds of map that could stand where `chosen` was taken for what was meant. */
export const otherMaps = (reference: Schema, chosen: Schema): readonly Schema[] =>
  variantsOf(reference).filter(({ type, properties }) => type === 'object' && properties !== chosen.properties);

/** The schema of the value of a key, if the key is known. */
export function childSchema(parent: Schema, key: string): Schema | undefined {
  const { properties, additionalProperties } = parent;
  if (properties && Object.hasOwn(properties, key)) return properties[key];
  return typeof additionalProperties === 'object' ? additionalProperties : undefined;
}

/** A value of a document, read as its schema wants it, and the place of its key (for an item of a list, its own). */
export interface Located {
  readonly node: Node;
  readonly schema: Schema;
  readonly path: Path;
  readonly keyAt?: Node['at'];
}

/** The whole document. */
export const locateRoot = (node: Node): Located => ({ node, schema, path: [] });

/** The parts of a value for which there is a schema. None for a value of the wrong type: it is wrong as a whole. */
export function partsOf({ node, schema, path }: Located): Located[] {
  const variant = variantFor(schema, node);
  if (!variant || node.kind === 'scalar') return [];
  if (node.kind === 'seq') {
    const { items } = variant;
    if (!items) return [];
    return node.items.map((item, i) => ({
      node: readAs(items, item),
      schema: items,
      path: [...path, i],
      keyAt: item.at,
    }));
  }
  return node.entries.flatMap(({ key, keyAt, value }) => {
    const child = childSchema(variant, key);
    return child ? [{ node: readAs(child, value), schema: child, path: [...path, key], keyAt }] : [];
  });
}

const PLACES: Readonly<Record<string, string>> = {
  vm: 'a VM',
  device: 'a device',
  memory: 'a memory mapping',
  iommu: '`iommu`',
  msi: '`msi`',
  handoff: '`handoff`',
  virtualFunction: '`vf`',
  expect: '`expect`',
  reset: '`reset`',
  irqs: 'an entry of `irqs`',
  guest: '`guest`',
};

/** What a map of this schema is called in a sentence. */
export const nameOfPlace = ({ definition }: Schema): string =>
  definition === undefined ? 'the manifest' : (PLACES[definition] ?? `\`${definition}\``);

/** Where in the language a key exists, as {@link nameOfPlace} calls it. */
export function placesOfKey(key: string): string[] {
  const maps = [schema, ...Object.keys(schema.$defs).flatMap((name) => variantsOf({ $ref: `${PREFIX}${name}` }))];
  return maps.filter(({ properties }) => properties && Object.hasOwn(properties, key)).map(nameOfPlace);
}

/** The place that a schema describes, if it is one of those with a name: `a device`. */
export const namedPlace = ({ definition }: Schema): string | undefined =>
  definition === undefined ? undefined : PLACES[definition];
