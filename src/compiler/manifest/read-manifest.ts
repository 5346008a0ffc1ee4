import { type Diagnostic, hasErrors, type Manifest, type ManifestDocument, type Result } from '../../model/index.ts';
import { entryOf, type MapNode, type SourceFile } from '../source/index.ts';
import { badProjectName, includeNotReadable, tooManyFindings } from './diagnostics.ts';
import type { Variables } from './interpolate.ts';
import { type Layer, openLayer } from './layer.ts';
import { checkLaws } from './laws/index.ts';
import { locator } from './locator.ts';
import { mergeOver } from './merge.ts';
import { asVms, withVms } from './normalise.ts';
import { isProjectName, legalProjectName } from './project-name.ts';
import { checkShape, type Shape } from './shape.ts';

/** The findings that a person can use at once. */
const MAX_FINDINGS = 100;

export interface Naming {
  /** The name asked for on the command line or in the environment; wins over `name:`. */
  readonly projectName?: string | undefined;
  /** Name of the project's directory, the last resort. */
  readonly directoryName?: string | undefined;
}

/**
 * The front of the compiler for texts that include nothing: later ones override earlier ones. Reports every mistake
 * that it finds, at its place; there is a value only where there is no error. Never throws for what a text holds.
 */
export function readManifest(
  sources: readonly SourceFile[],
  variables: Variables = {},
  naming: Naming = {},
): Result<Manifest> {
  const layers = sources.map((source) => openLayer(source, variables));
  const unread = layers.flatMap(({ includes }) =>
    includes.map(({ path, at }) => includeNotReadable({ detail: `${path} was not handed to the compiler.`, at })),
  );
  const result = assembleManifest(layers, naming);
  return unread.length === 0 ? result : { diagnostics: [...unread, ...result.diagnostics] };
}

/**
 * Makes one manifest of its files, in the order of their weight: each overrides those before it, and includes come
 * before the file that includes them. Reports what the files brought along, too.
 */
export function assembleManifest(layers: readonly Layer[], naming: Naming): Result<Manifest> {
  const found: Diagnostic[] = layers.flatMap(({ diagnostics }) => diagnostics);
  const roots = layers.flatMap(({ root }) => root ?? []);
  const [first, ...upper] = roots;
  // A file that could not be read would make its keys look as if they were missing.
  if (!first || roots.length < layers.length) return { diagnostics: capped(found, layers) };
  const merged = upper.reduce(mergeOver, first);

  const shape = checkShape(merged);
  found.push(...shape.diagnostics, ...checkLaws(merged, shape));

  const name = projectName(merged, naming);
  if (!isProjectName(name) && !shape.isFaulty(['name'])) {
    found.push(
      badProjectName({ detail: `"${name}" is not a name of 1 to 63 lower-case letters, digits, "-" and "_".` }),
    );
  }
  if (hasErrors(found)) return { diagnostics: capped(found, layers) };
  return { value: manifestOf(merged, shape, name, layers), diagnostics: found };
}

function projectName(root: MapNode, { projectName: asked, directoryName = '' }: Naming): string {
  const own = entryOf(root, 'name')?.value;
  if (asked !== undefined) return asked;
  return own?.kind === 'scalar' ? own.raw : legalProjectName(directoryName);
}

function manifestOf(merged: MapNode, shape: Shape, name: string, layers: readonly Layer[]): Manifest {
  // The validator has just said that it is one.
  const document = withVms(shape.document, name) as unknown as ManifestDocument;
  return { document, name, ...locator(asVms(merged, name)), files: [...new Set(layers.map(({ file }) => file))] };
}

/** In order of position, and not more than people can use. */
function capped(found: readonly Diagnostic[], layers: readonly Layer[]): Diagnostic[] {
  if (found.length <= MAX_FINDINGS) return [...found];
  const order = new Map(layers.map(({ file }, index) => [file, index]));
  const sorted = [...found].sort(
    (a, b) =>
      (order.get(a.at?.file ?? '') ?? -1) - (order.get(b.at?.file ?? '') ?? -1) ||
      (a.at?.start.offset ?? 0) - (b.at?.start.offset ?? 0),
  );
  const detail = `These are the first ${MAX_FINDINGS} of ${sorted.length} or more. One slip often makes many: mend the first ones and validate again.`;
  return [...sorted.slice(0, MAX_FINDINGS), tooManyFindings({ detail })];
}
