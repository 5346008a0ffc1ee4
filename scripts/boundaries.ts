import { readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { cruise, type ICruiseOptions, type ICruiseResult } from 'dependency-cruiser';
import extractTSConfig from 'dependency-cruiser/config-utl/extract-ts-config';

export interface Violation {
  readonly rule: string;
  readonly from: string;
  readonly to: string;
}

export interface Survey {
  readonly violations: readonly Violation[];
  /** How many modules below src were looked at. */
  readonly seen: number;
  /** How many there are. */
  readonly present: number;
}

/** Follows every import below `src` and `plugins` of a tree and compares the directions with .dependency-cruiser.cjs. */
export async function surveyImports(root: string, config: string): Promise<Survey> {
  const { forbidden, options } = createRequire(import.meta.url)(config) as {
    forbidden: ICruiseOptions['ruleSet'];
    options: ICruiseOptions;
  };
  const folders = ['src', 'plugins'].filter((name) => sources(join(root, name)) > 0);
  const tsConfig = extractTSConfig(join(config, '..', 'tsconfig.json'));
  const { output } = await cruise(
    folders,
    { ...options, baseDir: root, validate: true, ruleSet: { forbidden } as NonNullable<ICruiseOptions['ruleSet']> },
    undefined,
    { tsConfig },
  );
  const { modules, summary } = output as ICruiseResult;
  return {
    violations: summary.violations.map(({ rule, from, to }) => ({ rule: rule.name, from, to })),
    seen: modules.filter(({ source }) => /^src\/.*\.c?ts$/.test(source)).length,
    present: sources(join(root, 'src')),
  };
}

function sources(folder: string): number {
  try {
    return readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => /\.c?ts$/.test(name)).length;
  } catch {
    return 0;
  }
}
