import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import schema from '../../../schema/plan.schema.json' with { type: 'json' };
import type { Plan, Step } from '../../model/index.ts';
import { everyStep } from '../../testing/every-step.ts';
import { type Part, PARTS_AFTER, PARTS_BEFORE, renderPlanAsC } from './program.ts';
import { kindConstant } from './step.ts';

const PARTS = join(import.meta.dirname, '../../../templates/c');
const readPart = (name: Part): string => readFileSync(join(PARTS, `${name}.c`), 'utf8');
const noPart = (): string => '';
const ppc = everyStep('ppc');

const kinds = Object.values(schema.$defs).flatMap((one) =>
  'properties' in one && 'kind' in one.properties ? [(one.properties.kind as { const: Step['kind'] }).const] : [],
);

it('the plan of these tests has a step of every kind of the schema', () => {
  const used = new Set([...ppc.up, ...ppc.down].map(({ kind }) => kind));
  expect(kinds.length).toBeGreaterThan(40);
  expect(kinds.filter((kind) => !used.has(kind))).toEqual([]);
});

it('every kind of step is one of the program, and is carried out there', () => {
  const declared = readPart('step').match(/\bSTEP_[A-Z_]+\b/g);
  const performed = [...readPart('perform').matchAll(/case (STEP_[A-Z_]+):/g)].map(([, name]) => name);
  expect(new Set(declared)).toEqual(new Set(kinds.map(kindConstant)));
  expect(performed.sort()).toEqual(kinds.map(kindConstant).sort());
});

it('writes the tables of a plan, each step with its id, its words and why it is there', async () => {
  await expect(renderPlanAsC(ppc, noPart)).toMatchFileSnapshot('testdata/every-step.c.txt');
});

it('puts every part into the program once, the plan between them', () => {
  const program = renderPlanAsC(ppc, (name) => `PART ${name}`);
  const parts = program.match(/^(PART \w+|static const struct step plan_up.*)$/gm);
  expect(parts).toEqual([
    ...PARTS_BEFORE.map((name) => `PART ${name}`),
    'static const struct step plan_up[] = {',
    ...PARTS_AFTER.map((name) => `PART ${name}`),
  ]);
});

it('takes nothing but a C library: no header of VFIO, which old targets lack', () => {
  const included = [...renderPlanAsC(ppc, readPart).matchAll(/^#include [<"](.*)[>"]$/gm)].map(
    ([, name]) => name ?? '',
  );
  expect(included).toContain('sys/ioctl.h');
  expect(included.filter((name) => name.startsWith('linux/'))).toEqual([]);
});

it('gives handles that look alike names of their own', () => {
  const names = renderPlanAsC({ ...ppc, up: opening('container#a-b', 'container#a/b', 'container#a_b') }, noPart);
  const declared = /enum handle \{(.*?)\}/s
    .exec(names)?.[1]
    ?.split(',')
    .map((name) => name.trim());
  expect(new Set(declared).size).toBe(declared?.length);
});

const opening = (...handles: readonly string[]): Step[] =>
  handles.map((handle) => ({
    ...{ kind: 'open-container', resource: '', cause: '', dependsOn: [] },
    ...{ id: `open-container:${handle}`, handle },
  }));

/** What is left of a C text without its strings, its comments and the numbers of steps: what the compiler would act on. */
const skeleton = (source: string): string =>
  source
    .replaceAll('??/', '\\')
    .replace(/\/\*.*?\*\/|"(?:[^"\\\n]|\\.)*"/gs, (token) => (token.startsWith('"') ? '""' : ''))
    .replace(/\bH_[A-Z0-9_]+/g, 'H');

it('whatever the texts of a plan say, the program that is compiled is the same', () => {
  const one = oneOfEach(ppc);
  const plain = skeleton(renderPlanAsC(one, noPart));
  const text = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc
      .array(fc.constantFrom('*/', '"', '\\', '\n', '??/', '}; int x', '/*', '#define UP', "'", '%n'))
      .map((parts) => parts.join('')),
  );
  fc.assert(
    fc.property(text, (hostile) => {
      expect(skeleton(renderPlanAsC(withTexts(one, hostile), noPart))).toBe(plain);
    }),
  );
});

/** The first step of each kind. */
function oneOfEach(plan: Plan): Plan {
  const first = (steps: readonly Step[]) =>
    steps.filter((step, index) => steps.findIndex(({ kind }) => kind === step.kind) === index);
  return { ...plan, up: first(plan.up), down: first(plan.down), recover: first(plan.recover ?? []) };
}

/** The plan with every free text replaced: what is matched against nothing but its length by the schema. */
function withTexts(plan: Plan, text: string): Plan {
  const free = new Set([
    'resource',
    'cause',
    'register',
    'action',
    'path',
    'meaning',
    'file',
    'value',
    'model',
    'type',
  ]);
  const replaced = (step: Step): Step =>
    ({
      ...Object.fromEntries(
        Object.entries(step).map(([key, value]) => [key, free.has(key) && isFree(step, key, value) ? text : value]),
      ),
      at: { file: text, line: 1 },
    }) as unknown as Step;
  return {
    ...plan,
    toolVersion: text,
    host: { digest: text, release: text, architecture: text },
    up: plan.up.map(replaced),
    down: plan.down.map(replaced),
    recover: (plan.recover ?? []).map(replaced),
  };
}

/** Some keys are texts in one kind of step and words of the schema in another. */
const isFree = (step: Step, key: string, value: unknown): boolean =>
  typeof value === 'string' && !(key === 'type' && step.kind === 'check-devtree-info');
