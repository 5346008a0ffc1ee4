/** Finds every kind of diagnostic: the exports of all modules that define some. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { DiagnosticDefinition } from '../src/model/diagnostic.ts';

const DEFINER = 'src/model/diagnostic.ts';

/** A definition, and the plugin that reports it; null for the core. */
export type OwnedDefinition = Pick<
  DiagnosticDefinition,
  'code' | 'severity' | 'category' | 'summary' | 'explanation'
> & {
  readonly plugin: string | null;
};

/** All definitions in order of their codes. Throws where a module hides what it defines, or a code has two meanings. */
export async function collectDiagnostics(root: string): Promise<OwnedDefinition[]> {
  const byCode = new Map<string, { definition: DiagnosticDefinition; file: string }>();
  for (const file of modulesThatDefine(root)) {
    const found = definitionsIn(await import(pathToFileURL(join(root, file)).href));
    if (found.length === 0)
      throw new Error(`${file} defines diagnostics and exports none: their pages would be missing`);
    for (const definition of found) {
      const other = byCode.get(definition.code);
      if (other && other.definition.explanation !== definition.explanation) {
        throw new Error(`the code ${definition.code} has two meanings, in ${other.file} and ${file}`);
      }
      byCode.set(definition.code, { definition, file });
    }
  }
  return [...byCode.values()].map(owned).sort((a, b) => (a.code < b.code ? -1 : 1));
}

function owned({ definition, file }: { definition: DiagnosticDefinition; file: string }): OwnedDefinition {
  const { code, severity, category, summary, explanation } = definition;
  const [, plugin = null] = /^plugins\/([^/]+)\//.exec(file) ?? [];
  return { code, severity, category, summary, explanation, plugin };
}

function modulesThatDefine(root: string): string[] {
  return ['src', 'plugins']
    .flatMap((folder) =>
      readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).map((name) => `${folder}/${name}`),
    )
    .filter((file) => /(?<!\.test|\.d)\.ts$/.test(file) && file !== DEFINER)
    .filter((file) => readFileSync(join(root, file), 'utf8').includes('defineDiagnostic('))
    .sort();
}

/** Exports that are definitions, and those that stand in an exported list or table (a rule's `reports`). */
function definitionsIn(value: unknown, depth = 0): DiagnosticDefinition[] {
  if (isDefinition(value)) return [value];
  if (typeof value !== 'object' || value === null || depth > 2) return [];
  return Object.values(value).flatMap((inner) => definitionsIn(inner, depth + 1));
}

const isDefinition = (value: unknown): value is DiagnosticDefinition =>
  typeof value === 'function' && 'code' in value && 'explanation' in value;
