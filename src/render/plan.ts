import { type Assignment, persistenceOf, type Plan, type Process, type Step } from '../model/index.ts';
import { describeStep } from './step.ts';

/** A longer operation has its cause on a line of its own. */
const MAX_OPERATION_WIDTH = 84;

const plural = (count: number, one: string): string => `${count} ${one}${count === 1 ? '' : 's'}`;

/** A plan for a person to review: who gets what, then each step of `up` and of the way back, with its cause. */
export function renderPlan(plan: Plan): string {
  return [
    ...renderSummary(plan),
    '',
    ...renderSteps(`Up, ${plural(plan.up.length, 'step')}`, plan.up),
    '',
    ...renderSteps(`Down, ${plural(plan.down.length, 'step')}`, plan.down),
    '',
    ...renderRecovery(plan),
    ...(plan.processes ?? []).flatMap(renderProcess),
    'A step marked * outlives vfio-compose, is journalled, and needs root; the others go with its file descriptors and need',
    'the right to open the group, which belongs to root unless its node was given away.',
    '',
  ].join('\n');
}

/** What is done before the way back where it is not this program that holds the devices (any more). */
function renderRecovery({ recover = [] }: Plan): string[] {
  if (recover.length === 0) return [];
  return [...renderSteps(`If whoever held them is gone, ${plural(recover.length, 'step')} first`, recover), ''];
}

const processesOf = ({ processes = [] }: Plan, vm: string): Process[] => processes.filter((one) => one.vm === vm);

/** A word that a reader must not take for two, or for none, in quotes. */
const quoted = (word: string): string => (/^[A-Za-z0-9_./:=@%+,-]+$/.test(word) ? word : JSON.stringify(word));

const startText = ({ command, user, onExit }: Process): string =>
  `    starts ${command.map(quoted).join(' ')}${user === null ? '' : ` as ${user.name ?? user.uid}:${user.gid}`}; when it ends: ${onExit}`;

/** A process with all that it is given, and what happens to its devices after it. */
function renderProcess(process: Process): string[] {
  const { vm, environment, workingDirectory, fds, silence, reconnect, onExit } = process;
  const ids = (list: readonly string[]): string => (list.length === 0 ? 'nothing' : list.join(', '));
  const user = process.user && `${process.user.name ?? process.user.uid} (${process.user.uid}:${process.user.gid})`;
  return [
    `Process of ${vm}, started when up is done${process.at ? ` (${process.at.file}:${process.at.line})` : ''}`,
    `    command      ${process.command.map(quoted).join(' ')}`,
    `    user         ${user ?? 'that of vfio-compose'}`,
    `    directory    ${quoted(workingDirectory)}`,
    ...environment.map(({ name, value }) => `    environment  ${name}=${quoted(value)}`),
    ...fds.map(({ name }, index) => `    descriptor   ${index + 3} ${name}`),
    `    when it ends ${ids(silence)}`,
    ...(onExit === 'restart' ? [`    then         ${ids(reconnect)}, and it is started again`] : []),
    ...(onExit === 'hold' ? ['    then         the devices stay as they are until down'] : []),
    ...(onExit === 'release' ? ['    then         down, once no other process of the project is left'] : []),
    '',
  ];
}

/** Who gets what: the part of a plan that `up` shows before it asks. */
export function renderSummary(plan: Plan): string[] {
  const lines = [`Plan of ${plan.project} for Linux ${plan.host.release} (${plan.host.architecture})`];
  const drivers = driversBefore(plan);
  for (const [vm, assignments] of byVm(plan.assignments)) {
    lines.push('', `  ${vm} (${assignments[0]?.handoff})`);
    for (const entry of assignments) {
      lines.push(
        `    ${entry.device}  ${entry.address}  ${groupText(entry)}  ${driverChange(drivers, entry)}${guestText(entry)}`,
      );
      lines.push(...(entry.notes ?? []).map((note) => `      ${note}`));
    }
    if (assignments.some(({ group }) => group === null)) lines.push(...WITHOUT_IOMMU);
    lines.push(...processesOf(plan, vm).map(startText));
  }
  if (plan.plugins.length > 0) {
    lines.push('', `  Plugins: ${plan.plugins.map(({ name, version }) => `${name} ${version}`).join(', ')}`);
  }
  return lines;
}

/** R-GROUP-3: loud. A device without a group is in the plan only where the manifest names the mode. */
const WITHOUT_IOMMU = [
  '    UNSAFE: a device above has no IOMMU. Whoever programs it reads and writes all memory of this host with it, and the',
  '    kernel marks itself tainted. Give it to nobody whom you would not give root.',
];

const groupText = ({ group }: Assignment): string => (group === null ? 'NO IOMMU' : `group ${group}`);

function byVm(assignments: readonly Assignment[]): Map<string, Assignment[]> {
  const vms = new Map<string, Assignment[]>();
  for (const entry of assignments) {
    const list = vms.get(entry.vm);
    if (list) list.push(entry);
    else vms.set(entry.vm, [entry]);
  }
  return vms;
}

/** The drivers that the plan relies on finding, by the subject of the fact. */
const driversBefore = (plan: Plan): ReadonlyMap<string, string | null> =>
  new Map(plan.facts.filter(({ property }) => property === 'driver').map(({ subject, value }) => [subject, value]));

function driverChange(drivers: ReadonlyMap<string, string | null>, entry: Assignment): string {
  const before = drivers.get(`device ${entry.address}`) ?? 'no driver';
  return before === entry.driver ? `stays on ${entry.driver}` : `${before} -> ${entry.driver}`;
}

const guestText = ({ guest }: Assignment): string =>
  guest.placement === 'function' && guest.address === null
    ? ''
    : `  guest: ${guest.placement}${guest.address === null ? '' : ` at ${guest.address}`}`;

function renderSteps(title: string, steps: readonly Step[]): string[] {
  const digits = String(steps.length).length;
  const operations = steps.map(describeStep);
  const fitting = operations.map((operation) => operation.length).filter((length) => length <= MAX_OPERATION_WIDTH);
  // Not Math.max(...fitting): a plan may have more steps than a call may have arguments.
  const width = fitting.reduce((widest, length) => Math.max(widest, length), 0);
  return [
    title,
    ...steps.flatMap((step, index) => {
      const number = String(index + 1).padStart(digits);
      const mark = persistenceOf(step.kind) === 'durable' ? '*' : ' ';
      const operation = operations[index] ?? '';
      const cause = step.at ? `${step.cause} (${step.at.file}:${step.at.line})` : step.cause;
      return operation.length <= MAX_OPERATION_WIDTH
        ? [`  ${number} ${mark} ${operation.padEnd(width)}  ${cause}`]
        : [`  ${number} ${mark} ${operation}`, `${' '.repeat(digits + 5 + width + 2)}${cause}`];
    }),
  ];
}
