import type { ErrorObject } from 'ajv';
import {
  type CheckedOptions,
  didYouMean,
  invariant,
  type OptionsSchema,
  type Plugin,
  pluginId,
} from '../../model/index.ts';
import { isObject } from './metadata.ts';

type Problem = Extract<CheckedOptions, { problems: unknown }>['problems'][number];
type Validate = ((value: unknown) => boolean) & { errors?: ErrorObject[] | null };

/** Makes a validator of a plugin's schema. Throws where it is no schema. */
export type SchemaCompiler = (schema: OptionsSchema) => Validate;

/** Loads ajv, which takes longer than everything else about plugins: only where options are given. */
export async function loadSchemaCompiler(): Promise<SchemaCompiler> {
  const { Ajv2020 } = await import('ajv/dist/2020.js');
  const ajv = new Ajv2020({ allErrors: true, strict: true, allowUnionTypes: true, verbose: true });
  // Makes the validator of schemas themselves now. Within the time of a watchdog it might be cut off half made, and ajv keeps
  // it so: the run that follows would fail. On a slow machine that was seen.
  ajv.compile({ type: 'object' });
  // Whether the schema says so or not: an option that nobody reads was meant to do something.
  return (schema) => ajv.compile({ ...schema, additionalProperties: false });
}

/**
 * Holds options against the schema of their plugin and fills in the defaults of those that are not given (of the options
 * themselves, not of what is in them). `compile` may be left out where none are given.
 */
export function checkOptions(plugin: Plugin, given: unknown, compile: SchemaCompiler | undefined): CheckedOptions {
  const { options: schema } = plugin;
  if (given !== undefined && !isObject(given))
    return { problems: [{ path: [], message: 'Options are a map of keys.' }] };
  const options = { ...defaultsOf(schema), ...given };
  const missing = (schema?.required ?? []).filter((name) => !Object.hasOwn(options, name));
  const problems: Problem[] = missing.map((name) => ({ path: [], message: aboutMissing(plugin, name) }));
  if (given === undefined || Object.keys(given).length === 0) return problems.length > 0 ? { problems } : { options };
  if (!schema) {
    return {
      problems: Object.keys(given).map((name) => ({ path: [name], message: `${pluginId(plugin)} takes no options.` })),
    };
  }
  invariant(compile !== undefined, 'options are checked, and nobody said that there would be any');
  const validate = compile(schema);
  if (!validate(options)) {
    problems.push(...(validate.errors ?? []).flatMap((error) => problemOf(plugin, schema, options, error)));
  }
  return problems.length > 0 ? { problems } : { options };
}

const defaultsOf = (schema: OptionsSchema | undefined): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(schema?.properties ?? {}).flatMap(([name, property]) =>
      'default' in property ? [[name, structuredClone(property.default)] as const] : [],
    ),
  );

function aboutMissing(plugin: Plugin, name: string): string {
  const property = plugin.options?.properties[name];
  const { description } = (property ?? {}) as { readonly description?: string };
  return `${pluginId(plugin)} needs the option "${name}".${description === undefined ? '' : ` ${description}`}`;
}

function problemOf(plugin: Plugin, schema: OptionsSchema, options: unknown, error: ErrorObject): Problem[] {
  const path = pathOf(options, error.instancePath);
  const what = path.length === 0 ? 'The options' : `"${path.join('.')}"`;
  const params = error.params as Readonly<Record<string, unknown>>;
  switch (error.keyword) {
    case 'required':
      // Of the options themselves it has been said, in better words.
      return path.length === 0 ? [] : [{ path, message: `${what} lacks "${String(params['missingProperty'])}".` }];
    case 'additionalProperties': {
      const name = String(params['additionalProperty']);
      const known = path.length === 0 ? Object.keys(schema.properties) : Object.keys(propertiesOf(error));
      return [{ path: [...path, name], message: aboutUnknown(plugin, name, known) }];
    }
    case 'enum': {
      const choices = (params['allowedValues'] as readonly unknown[]).map(String);
      const near = didYouMean(String(error.data), choices);
      return [
        {
          path,
          message: `${what} is one of ${choices.join(', ')}; this is ${JSON.stringify(error.data)}. ${near}`.trim(),
        },
      ];
    }
    case 'type':
      return [
        {
          path,
          message: `${what} is ${TYPES[String(params['type'])] ?? `of type ${String(params['type'])}`}; this is ${JSON.stringify(error.data)}.`,
        },
      ];
    default:
      return [{ path, message: `${what} ${error.message ?? 'does not fit'}; this is ${JSON.stringify(error.data)}.` }];
  }
}

const TYPES: Readonly<Record<string, string>> = {
  object: 'a map of keys',
  array: 'a list',
  string: 'a text',
  integer: 'a whole number',
  number: 'a number',
  boolean: 'true or false',
};

const propertiesOf = ({ parentSchema }: ErrorObject): object => (parentSchema?.['properties'] ?? {}) as object;

function aboutUnknown(plugin: Plugin, name: string, known: readonly string[]): string {
  const near = didYouMean(name, known);
  return `${pluginId(plugin)} has no option "${name}". ${near || `There are ${known.join(', ') || 'none'}.`}`;
}

/** A JSON pointer as keys and indices. */
function pathOf(root: unknown, pointer: string): (string | number)[] {
  let value = root;
  return pointer
    .split('/')
    .slice(1)
    .map((part) => {
      const key = part.replaceAll('~1', '/').replaceAll('~0', '~');
      const step = Array.isArray(value) ? Number(key) : key;
      value = (value as Readonly<Record<string | number, unknown>> | undefined)?.[step];
      return step;
    });
}
