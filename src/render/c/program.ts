import type { Plan, Step } from '../../model/index.ts';
import { cComment, cString } from './escape.ts';
import { cFacts, type PlanFacts } from './facts.ts';
import { HandleNames } from './handles.ts';
import { cStep } from './step.ts';
import { device } from './write.ts';

/** The parts of every program, in its order: files of templates/c. The plan stands between the two lists. */
export const PARTS_BEFORE = ['abi', 'step'] as const;
export const PARTS_AFTER = [
  'outcome',
  'files',
  'holders',
  'host',
  'reserve',
  'container',
  'info',
  'device',
  'registers',
  'memory',
  'perform',
  'journal',
  'fate',
  'facts',
  'engine',
  'main',
] as const;

export type Part = (typeof PARTS_BEFORE)[number] | (typeof PARTS_AFTER)[number];

/**
 * A plan as one C file that needs nothing but a C library: its steps as tables, and what carries them out and takes them
 * back. `part` gives the text of a file of templates/c.
 */
export function renderPlanAsC(plan: Plan, part: (name: Part) => string): string {
  const facts = cFacts(plan);
  return [header(plan, facts), ...PARTS_BEFORE.map(part), tables(plan, facts), ...PARTS_AFTER.map(part)]
    .map((text) => text.trimEnd())
    .join('\n\n')
    .concat('\n');
}

function header(plan: Plan, { unchecked }: PlanFacts): string {
  const { project, toolVersion, host } = plan;
  const lines = [
    `The plan of ${project}, made by vfio-compose ${toolVersion}, as a program of its own.`,
    '',
    'It is for one host, as that host was when the plan was made:',
    `  Linux ${host.release} (${host.architecture}), ${host.digest}`,
    'It refuses to run where what it can see is otherwise. What it cannot see is for you to look at:',
    ...uncheckedLines(unchecked),
    '',
    `    cc -std=gnu11 -O2 -static -o ${project} ${project}.c`,
    `    ./${project} --dry-run    prints the steps and takes none`,
    `    ./${project}              carries them out, holds until SIGINT or SIGTERM, and takes everything back`,
    `    ./${project} --down       takes back what a run that was killed has left`,
  ];
  return ['/*', ...lines.map((line) => (line === '' ? ' *' : ` * ${cComment(line)}`)), ' */'].join('\n');
}

/** `  device: in use, reset methods`: what the program leaves to its reader, by kind of subject. */
function uncheckedLines(unchecked: PlanFacts['unchecked']): string[] {
  const byKind = new Map<string, Set<string>>();
  for (const { subject, property } of unchecked) {
    const kind = subject.split(' ', 1)[0] ?? '';
    byKind.set(kind, (byKind.get(kind) ?? new Set()).add(property));
  }
  return [...byKind].map(([kind, properties]) => `  ${kind}: ${[...properties].join(', ')}`);
}

/** The plan itself. Handles are known only after the steps that use them are written, and stand before them. */
function tables(plan: Plan, facts: PlanFacts): string {
  const handles = new HandleNames();
  const context = {
    of: (handle: string) => handles.of(handle),
    places: new Map(plan.up.map((step, index) => [step.id, index])),
  };
  const table = (name: string, steps: readonly Step[]): string =>
    [
      `static const struct step plan_${name}[] = {`,
      ...steps.map((step) => cStep(step, context)),
      '};',
      `static const size_t ${name.toUpperCase()} = ${steps.length};`,
      // Room for one at least: an array of none is an extension of C.
      `#define ${name.toUpperCase()}_ROOM ${Math.max(1, steps.length)}`,
    ].join('\n');
  const steps = [table('up', plan.up), table('down', plan.down), table('recover', plan.recover ?? [])];
  const regions = [...plan.up, ...(plan.recover ?? [])].filter(({ kind }) => kind === 'check-region-info');
  return [
    `/* ---- The plan of ${cComment(plan.project)} ${'-'.repeat(80)} */`,
    `#define PROJECT ${cString(plan.project)}\n#define JOURNAL ${cString(`/run/vfio-compose-${plan.project}.journal`)}`,
    handles.declaration(),
    `/* Regions of devices that are asked for. */\n#define REGIONS ${Math.max(1, regions.length)}`,
    '/* A comment says why a step is there. The flag says whether it outlives this process, the number what it takes back. */',
    ...steps,
    devices(plan),
    [
      'static const struct fact plan_facts[] = {',
      ...facts.checked,
      '};',
      `static const size_t FACTS = ${facts.checked.length};`,
    ].join('\n'),
  ].join('\n\n');
}

/** The devices of the plan, by what steps call them: a step that uses a device's handles names no more. */
function devices({ assignments }: Plan): string {
  const rows = assignments.map(
    ({ bus, address }) => `    { ${cString(`device ${address}`)}, ${device({ device: { bus, address } })} },`,
  );
  // Room for one at least, as above.
  const rowsOrNone = rows.length > 0 ? rows : ['    { 0 },'];
  return [
    'static const struct { const char *resource; struct device_ref device; } plan_devices[] = {',
    ...rowsOrNone,
    '};',
    `static const size_t DEVICES = ${assignments.length};`,
  ].join('\n');
}
