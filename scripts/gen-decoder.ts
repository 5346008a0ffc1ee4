/**
 * Writes the decoder of one document: a function that turns the hex strings of a validated document into bigints, in
 * place, and visits only the branches that have some.
 */
type Schema = { [key: string]: unknown };
type Defs = Record<string, Schema>;

const isU64 = (schema: Schema): boolean =>
  ['Bytes', 'Iova', 'PhysicalAddress'].includes(String(schema['tsType'])) && schema['type'] === 'string';

/** The property that tells the variants of a union apart. */
const tagOf = (schema: Schema): string => (schema['discriminator'] as { propertyName: string }).propertyName;

function refName(schema: Schema): string | undefined {
  const ref = schema['$ref'];
  return typeof ref === 'string' ? ref.replace('#/$defs/', '') : undefined;
}

class Writer {
  private readonly functions = new Map<string, string>();
  private readonly needed = new Map<string, boolean>();

  constructor(private readonly defs: Defs) {}

  /** Whether a value of this schema can hold a 64-bit value. */
  private holds(schema: Schema): boolean {
    const ref = refName(schema);
    if (ref !== undefined) {
      const known = this.needed.get(ref);
      if (known !== undefined) return known;
      this.needed.set(ref, false);
      const answer = this.holds(this.def(ref));
      this.needed.set(ref, answer);
      return answer;
    }
    if (isU64(schema)) return true;
    return [...this.children(schema)].some((child) => this.holds(child));
  }

  private def(name: string): Schema {
    const found = this.defs[name];
    if (!found) throw new Error(`no definition ${name}`);
    return found;
  }

  private *children(schema: Schema): Generator<Schema> {
    yield* Object.values((schema['properties'] ?? {}) as Defs);
    for (const key of ['items', 'additionalProperties']) {
      if (typeof schema[key] === 'object') yield schema[key] as Schema;
    }
    yield* (schema['oneOf'] ?? []) as Schema[];
  }

  /** Statements that decode `expression`, which holds a value of `schema`. */
  private statements(schema: Schema, expression: string): string {
    const ref = refName(schema);
    const target = ref === undefined ? schema : this.def(ref);
    if (isU64(target)) return `if (typeof ${expression} === 'string') ${expression} = BigInt(${expression});\n`;
    if (ref === undefined && !Array.isArray(target['oneOf'])) return this.inline(target, expression);
    const variants = target['oneOf'];
    if (ref === undefined && Array.isArray(variants)) {
      const branches = (variants as Schema[]).filter((variant) => this.holds(variant));
      return branches.map((variant) => this.statements(variant, expression)).join('');
    }
    return `if (${expression}) ${this.functionFor(ref ?? '')}(${expression});\n`;
  }

  private inline(schema: Schema, expression: string): string {
    let out = '';
    for (const [key, child] of Object.entries((schema['properties'] ?? {}) as Defs)) {
      if (this.holds(child)) out += this.statements(child, `${expression}.${key}`);
    }
    const items = schema['items'];
    if (items && this.holds(items as Schema)) {
      // A name of its own for each level: an inner loop's variable would hide the outer one that it iterates.
      const item = `${expression.replace(/[^a-zA-Z]/g, '_')}_item`;
      out += `for (const ${item} of ${expression} ?? []) {\n${this.statements(items as Schema, item)}}\n`;
    }
    return out;
  }

  private functionFor(name: string): string {
    const id = `decode_${name}`;
    if (!this.functions.has(id)) {
      this.functions.set(id, '');
      const schema = this.def(name);
      const variants = schema['oneOf'] as Schema[] | undefined;
      const body = variants ? this.byTag(variants, tagOf(schema)) : this.inline(schema, 'value');
      this.functions.set(id, `function ${id}(value: any): void {\n${body}}\n`);
    }
    return id;
  }

  /** A switch over what tells the variants of a union apart: a constant, or one of several. */
  private byTag(variants: Schema[], tag: string): string {
    const cases = variants
      .filter((variant) => this.holds(variant))
      .map((variant) => {
        const name = refName(variant) ?? '';
        const { const: value, enum: values = [value] } = (this.def(name)['properties'] as Defs)[tag] as Schema;
        const labels = (values as unknown[]).map((one) => `case ${JSON.stringify(one)}: `).join('');
        return `${labels}return ${this.functionFor(name)}(value);\n`;
      });
    return `switch (value.${tag}) {\n${cases.join('')}}\n`;
  }

  root(schema: Schema): string {
    const body = this.inline(schema, 'value');
    return `${[...this.functions.values()].join('\n')}\n/** Decodes a validated document in place. */\nexport function decode(value: any): void {\n${body}}\n`;
  }
}

export function decoderSource(_name: string, schema: object): string {
  const root = schema as Schema;
  return `/* eslint-disable */\n${new Writer(root['$defs'] as Defs).root(root)}`;
}
