/**
 * Documentation that follows from the sources: the manifest reference from its schema, and a page for every code of a
 * diagnostic.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import Handlebars from 'handlebars';
import { collectDiagnostics } from './diagnostic-definitions.ts';
import { referenceEntries } from './manifest-reference.ts';

const ERRORS = 'docs/errors';

const CONCERNS: Readonly<Record<string, string>> = {
  manifest: 'the manifest (exit status 3)',
  host: 'the host (exit status 4)',
  safety: 'safety (exit status 5)',
  plugin: 'a plugin (exit status 8)',
};

const handlebars = Handlebars.create();
handlebars.registerHelper('concerns', (category: string) => CONCERNS[category]);
/** The anchor that GitHub gives to a heading. */
handlebars.registerHelper('anchor', (path: string) => path.toLowerCase().replace(/[^a-z0-9_-]/g, ''));

/** The generated pages by path. Throws where a diagnostic cannot be found or is defined twice. */
export async function generatedDocs(root: string): Promise<Map<string, string>> {
  const render = (name: string, data: object): string => {
    const text = readFileSync(join(root, 'templates', `${name}.md.hbs`), 'utf8');
    return handlebars.compile(text, { noEscape: true, strict: true })(data);
  };
  const schema = JSON.parse(readFileSync(join(root, 'schema/manifest.schema.json'), 'utf8')) as object;
  const definitions = await collectDiagnostics(root);
  const pages = new Map([['docs/manifest.md', render('manifest-reference', { entries: referenceEntries(schema) })]]);
  for (const definition of definitions) pages.set(`${ERRORS}/${definition.code}.md`, render('error-page', definition));
  pages.set(`${ERRORS}/README.md`, render('error-index', { definitions }));
  return pages;
}

/** Pages of codes that no longer exist. */
export function stalePages(root: string, current: ReadonlyMap<string, string>): string[] {
  try {
    return readdirSync(join(root, ERRORS))
      .map((name) => `${ERRORS}/${name}`)
      .filter((path) => !current.has(path));
  } catch {
    // Nothing was ever generated there.
    return [];
  }
}
