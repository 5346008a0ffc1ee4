/** The keys of the manifest as the reference shows them, from its JSON Schema. */
interface Schema {
  readonly title?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly examples?: readonly unknown[];
  readonly type?: string;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly oneOf?: readonly Schema[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: boolean | Schema;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly $ref?: string;
  readonly $defs?: Readonly<Record<string, Schema>>;
  readonly 'x-unit'?: string;
}

export interface ReferenceEntry {
  /** `devices.NAME.reset.policy`, `memory[].size`. */
  readonly path: string;
  /** `###` and so on: deeper keys have smaller headings. */
  readonly heading: string;
  readonly title: string;
  readonly description: string;
  readonly type: string;
  readonly unit: string;
  readonly default: string;
  readonly required: boolean;
  readonly examples: readonly string[];
  /** Where the keys of this one are described, if not right below. */
  readonly see: string;
}

const SMALLEST_HEADING = 6;

/** Every key in the order of the schema, each followed by the keys inside of it. Throws for a key without description. */
export function referenceEntries(document: object): ReferenceEntry[] {
  const root = document as Schema;
  const defs = root.$defs ?? {};
  const entries: ReferenceEntry[] = [];
  const vm = defs['vm']?.properties ?? {};

  const follow = (schema: Schema): Schema => {
    const { $ref, ...beside } = schema;
    return $ref === undefined ? schema : { ...follow(defs[$ref.replace('#/$defs/', '')] ?? {}), ...beside };
  };
  const variantsOf = (schema: Schema): Schema[] => {
    const followed = follow(schema);
    return followed.oneOf ? followed.oneOf.flatMap(variantsOf) : [followed];
  };

  const typeOf = (schema: Schema): string => {
    if (schema.$ref === '#/$defs/size') return 'size';
    return [...new Set(variantsOf(schema).map(typeOfVariant))].join(', or ');
  };
  const typeOfVariant = (schema: Schema): string => {
    if (schema.const !== undefined) return `the number ${JSON.stringify(schema.const)}`;
    if (schema.enum) return schema.enum.map((value) => `\`${String(value)}\``).join(', ');
    if (schema.type === 'array') return schema.items ? `list, each ${typeOf(schema.items)}` : 'list';
    if (schema.type === 'object') return typeof schema.additionalProperties === 'object' ? 'map by name' : 'map';
    if (schema.type === 'integer') return `whole number${rangeOf(schema)}`;
    return schema.type === 'boolean' ? '`true` or `false`' : 'text';
  };

  const visit = (schema: Schema, path: string, depth: number): void => {
    const variants = variantsOf(schema);
    const maps = variants.filter(({ type }) => type === 'object');
    for (const variant of variants) {
      const { properties = {}, additionalProperties, items } = variant;
      // Of several kinds of map each has keys of its own, and none of them is required.
      const required = variant.required?.filter((key) => maps.every((map) => map.required?.includes(key))) ?? [];
      for (const [key, child] of Object.entries(properties)) {
        const inner = path === '' ? key : `${path}.${key}`;
        const shared = path === '' && Object.hasOwn(vm, key);
        entries.push(entry(child, inner, depth, required.includes(key), shared ? `vms.NAME.${key}` : ''));
        if (!shared) visit(child, inner, depth + 1);
      }
      if (typeof additionalProperties === 'object') visit(additionalProperties, `${path}.NAME`, depth);
      if (items) visit(items, `${path}[]`, depth);
    }
  };

  const entry = (reference: Schema, path: string, depth: number, required: boolean, see: string): ReferenceEntry => {
    const { title, description } = reference;
    if (title === undefined || description === undefined) throw new Error(`${path} has no title or description`);
    return {
      path,
      heading: '#'.repeat(Math.min(SMALLEST_HEADING, depth + 2)),
      title,
      description,
      type: typeOf(reference),
      unit: reference['x-unit'] ?? '',
      default: reference.default === undefined ? '' : inYaml(reference.default),
      required,
      examples: (reference.examples ?? []).map(
        (example) => `${path.slice(path.lastIndexOf('.') + 1)}: ${inYaml(example)}`,
      ),
      see,
    };
  };

  visit(root, '', 0);
  return entries;
}

function rangeOf({ minimum, maximum }: Schema): string {
  if (maximum !== undefined) return `, ${minimum ?? 0} to ${maximum}`;
  return minimum === undefined ? '' : `, at least ${minimum}`;
}

/** A value in YAML's flow style, with quotes where a reader could take the text for something else. */
function inYaml(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(inYaml).join(', ')}]`;
  if (typeof value === 'object' && value !== null) {
    return `{ ${Object.entries(value)
      .map(([key, inner]) => `${key}: ${inYaml(inner)}`)
      .join(', ')} }`;
  }
  if (typeof value !== 'string') return String(value);
  return /^[0-9.+-]+$|^0x|[:#,[\]{}]|^$/.test(value) ? `'${value}'` : value;
}
