import { type Diagnostic, didYouMean, type Span } from '../../model/index.ts';
import { type MapNode, type ScalarNode, spanOf } from '../source/index.ts';
import { invalidSize, missingKey, unknownKey, wrongType, wrongValue } from './diagnostics.ts';
import { describeNode, describeType } from './kinds.ts';
import {
  childSchema,
  type Located,
  namedPlace,
  nameOfPlace,
  otherMaps,
  placesOfKey,
  type Schema,
  typeDemanded,
  variantFor,
  variantsOf,
} from './schema.ts';
import { adviseOnSize, parseSize } from './size.ts';

/** The longest list of allowed keys that helps more than it hides. */
const KEYS_WORTH_LISTING = 8;

/**
 * Says what a value itself (not its parts) does that its schema does not allow, in the words of the schema. Where the
 * schema offers a choice, the variant of the value's type is taken for the one that was meant.
 */
export function explain(located: Located): Diagnostic[] {
  const { node, schema } = located;
  if (schema.$ref === '#/$defs/size' && node.kind === 'scalar' && typeof node.value !== 'boolean') {
    return node.value !== null && parseSize(node.value) !== undefined ? [] : [aboutSize(node)];
  }
  const variant = variantFor(schema, node);
  if (!variant) return [aboutType(located)];
  switch (node.kind) {
    case 'map':
      return aboutMap(node, variant, located);
    case 'seq':
      if (node.items.length < (variant.minItems ?? 0)) return [aboutEmptyList(located)];
      return aboutCount(node.items.length, variant.maxItems, 'entries', spanOf(node.at));
    case 'scalar':
      return aboutScalar(node, variant);
  }
}

function aboutType({ node, schema }: Located): Diagnostic {
  const variants = variantsOf(schema);
  const wanted = [...new Set(variants.map((variant) => describeType(typeDemanded(variant))))].join(' or ');
  const subject = variants.map(({ title }) => title).find(Boolean) ?? variants.map(namedPlace).find(Boolean);
  const expected = subject === undefined ? `Here belongs ${wanted}` : `${capital(subject)} is ${wanted}`;
  const emptied = node.kind === 'scalar' && node.value === null ? ' If a variable stands here, it is empty.' : '';
  const detail = `${expected}; this is ${describeNode(node)}.${emptied}${example(schema)}`;
  return wrongType({ detail, at: spanOf(node.at) });
}

const capital = (text: string): string => `${text.charAt(0).toUpperCase()}${text.slice(1)}`;

function aboutSize(node: ScalarNode): Diagnostic {
  const detail = `${adviseOnSize(node.raw)} A size is a whole number of bytes that fits 64 bits, such as 4096, 0x1000 or 4KiB.`;
  return invalidSize({ detail, at: spanOf(node.at) });
}

function aboutMap(map: MapNode, schema: Schema, located: Located): Diagnostic[] {
  const found: Diagnostic[] = [];
  const known = Object.keys(schema.properties ?? {});
  const names = schema.propertyNames?.pattern;
  const others = otherMaps(located.schema, schema);
  for (const entry of map.entries) {
    if (others.some((other) => childSchema(other, entry.key))) {
      const chosen = map.entries.find(({ key }) => childSchema(schema, key))?.key ?? known.join(', ');
      const detail = `"${entry.key}" and "${chosen}" cannot stand together in ${nameOfPlace(schema)}. Keep one of them.`;
      found.push(wrongValue({ detail, at: spanOf(entry.keyAt) }));
    } else if (!childSchema(schema, entry.key) && schema.additionalProperties === false) {
      found.push(unknownKey({ detail: aboutUnknownKey(entry.key, known, schema), at: spanOf(entry.keyAt) }));
    } else if (names !== undefined && !new RegExp(names, 'u').test(entry.key)) {
      const detail = `"${entry.key.slice(0, 80)}" cannot be a name: a name is 1 to 63 letters, digits, ".", "_" and "-", and begins with a letter or digit.`;
      found.push(wrongValue({ detail, at: spanOf(entry.keyAt) }));
    }
  }
  const place = located.keyAt ?? { ...map.at, end: map.at.start };
  for (const key of schema.required ?? []) {
    if (map.entries.some((entry) => entry.key === key)) continue;
    const child = childSchema(schema, key);
    const instead = others.flatMap(({ required = [] }) => required).map((other) => ` or "${other}"`);
    const detail = `"${key}"${instead.join('')} is missing in ${nameOfPlace(schema)}. ${child?.description ?? ''}${child ? example(child, key) : ''}`;
    found.push(missingKey({ detail, at: spanOf(place) }));
  }
  if (map.entries.length < (schema.minProperties ?? 0)) {
    found.push(
      missingKey({ detail: `"${located.path.at(-1) ?? 'manifest'}" is empty.${example(schema)}`, at: spanOf(place) }),
    );
  }
  return [...found, ...aboutCount(map.entries.length, schema.maxProperties, 'keys', spanOf(place))];
}

function aboutUnknownKey(key: string, known: readonly string[], schema: Schema): string {
  const here = nameOfPlace(schema);
  const near = didYouMean(key, known);
  const elsewhere = placesOfKey(key).filter((place) => place !== here);
  const parts = [`"${key.slice(0, 80)}" is not a key of ${here}.`];
  if (elsewhere.length > 0) parts.push(`It is a key of ${elsewhere.join(' and of ')}.`);
  else if (near !== '') parts.push(near);
  if (near === '' && known.length <= KEYS_WORTH_LISTING) parts.push(`The keys are ${known.join(', ')}.`);
  parts.push('A key of your own begins with "x-".');
  return parts.join(' ');
}

function aboutScalar(node: ScalarNode, schema: Schema): Diagnostic[] {
  const wrong = (detail: string): Diagnostic[] => [wrongValue({ detail, at: spanOf(node.at) })];
  const title = schema.title ?? 'This value';
  const number = Number(node.value);
  if (schema.const !== undefined && number !== schema.const) {
    return wrong(`${title} ${node.raw} is not known: this vfio-compose reads ${schema.const}.`);
  }
  if (schema.enum && !schema.enum.includes(node.value)) {
    const choices = schema.enum.map(String);
    return wrong(
      `${title} is one of ${choices.join(', ')}; this is ${describeNode(node)}. ${didYouMean(node.raw, choices)}`.trimEnd(),
    );
  }
  const { minimum, maximum, minLength, maxLength, pattern } = schema;
  if (typeof node.value !== 'string') {
    const over = maximum !== undefined && number > maximum;
    if (!over && (minimum === undefined || number >= minimum)) return [];
    const limits = maximum === undefined ? `at least ${minimum}` : `${minimum ?? 0} to ${maximum}`;
    return wrong(`${title} is ${limits}; this is ${node.raw.slice(0, 60)}.${example(schema)}`);
  }
  if (node.value.length < (minLength ?? 0)) return wrong(`${title} is empty.${example(schema)}`);
  if (node.value.length > (maxLength ?? Infinity)) return wrong(`${title} is longer than ${maxLength} characters.`);
  if (pattern === undefined || new RegExp(pattern, 'u').test(node.value)) return [];
  return wrong(
    `${title}: ${describeNode(node)} does not fit. ${schema.description ?? `It must match ${pattern}.`}${example(schema)}`,
  );
}

function aboutEmptyList({ node, schema, path }: Located): Diagnostic {
  const detail = `"${path.at(-1) ?? 'manifest'}" is an empty list: name something, or leave the key out.${example(schema)}`;
  return wrongValue({ detail, at: spanOf(node.at) });
}

function aboutCount(count: number, limit: number | undefined, what: string, at: Span): Diagnostic[] {
  if (limit === undefined || count <= limit) return [];
  return [wrongValue({ detail: `There are ${count} ${what}; at most ${limit} are allowed here.`, at })];
}

/** ` For example: size: 2GiB`, from the schema. */
function example({ examples = [] }: Schema, key?: string): string {
  const shown = examples.slice(0, 2).map((value) => `${key === undefined ? '' : `${key}: `}${inYaml(value)}`);
  return shown.length === 0 ? '' : ` For example: ${shown.join(' or ')}.`;
}

function inYaml(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(inYaml).join(', ')}]`;
  if (typeof value === 'object' && value !== null) {
    return `{${Object.entries(value)
      .map(([key, inner]) => `${key}: ${inYaml(inner)}`)
      .join(', ')}}`;
  }
  const text = String(value);
  return typeof value === 'string' && /[:#,[\]{}]|^[0-9]/.test(text) ? JSON.stringify(text) : text;
}
