import {
  type Assignment,
  defineDiagnostic,
  type Diagnostic,
  type NameService,
  type Process,
  type ResolvedRun,
  type ResolvedVm,
  type Result,
} from '../../model/index.ts';
import { namesFit, processParts, type StepLists } from '../process-parts.ts';
import { unknownOwner } from './owner.ts';

export const groupUnknown = defineDiagnostic({
  code: 'primary-group-unknown',
  severity: 'error',
  category: 'host',
  summary: 'The primary group of a user is not known',
  explanation:
    'A process runs as a user and a group. Without `group`, it is the primary group of `user`, which is looked up in ' +
    '/etc/passwd when the plan is made. An account that only a directory service knows is not found there.\n\n' +
    'Write `group` beside `user`, by name or number.',
});

export const tooManyDescriptors = defineDiagnostic({
  code: 'too-many-descriptors',
  severity: 'error',
  category: 'manifest',
  summary: 'A process would get more descriptors than their names fit its environment',
  explanation:
    'A process learns the names of its descriptors from one variable, `LISTEN_FDNAMES`, and Linux lets no string of an ' +
    'environment be longer than 128 KiB (MAX_ARG_STRLEN, execve(2)): some three thousand interrupts.\n\n' +
    'Connect fewer interrupts with `irqs`, or divide the devices among several VMs.',
});

/** The processes whose descriptors have names that no environment takes. */
export const checkNames = (vms: readonly ResolvedVm[], processes: readonly Process[]): Diagnostic[] =>
  processes
    .filter(({ fds }) => !namesFit(fds))
    .map(({ vm, fds }) => {
      const at = vms.find(({ name }) => name === vm)?.run?.at;
      return tooManyDescriptors({ at, detail: `The process of ${vm} would get ${fds.length} descriptors.` });
    });

/** The users of the processes of a manifest, by VM. */
export type ProcessUsers = ReadonlyMap<ResolvedVm, Process['user']>;

/** Looks up who the processes run as; the findings where a name is not known. */
export function usersOf(vms: readonly ResolvedVm[], names: NameService): Result<ProcessUsers> {
  const users = new Map<ResolvedVm, Process['user']>();
  const diagnostics: Diagnostic[] = [];
  for (const vm of vms) {
    if (vm.run === null) continue;
    const { value, diagnostics: found } = userOf(vm.name, vm.run, names);
    diagnostics.push(...found);
    users.set(vm, value ?? null);
  }
  return diagnostics.length > 0 ? { diagnostics } : { value: users, diagnostics };
}

function userOf(vm: string, run: ResolvedRun, names: NameService): Result<Process['user']> {
  const { user, group, at } = run;
  const number = (what: 'user' | 'group', wanted: string | number): number | undefined =>
    typeof wanted === 'number' || /^[0-9]+$/.test(wanted) ? Number(wanted) : names[what](wanted);
  const unknown = (what: string, wanted: string | number): Result<Process['user']> => ({
    diagnostics: [unknownOwner({ at, detail: `This host has no ${what} "${wanted}", as which ${vm} is to run.` })],
  });
  const gid = group === null ? undefined : number('group', group);
  if (group !== null && gid === undefined) return unknown('group', group);
  if (user === null && gid === undefined) return { value: null, diagnostics: [] };
  const uid = number('user', user ?? 0);
  if (uid === undefined) return unknown('user', user ?? 0);
  const own = gid ?? names.primaryGroup(uid);
  if (own === undefined) {
    const detail = `The primary group of user ${user} of ${vm} stands in no file of this host. Write "group" beside it.`;
    return { diagnostics: [groupUnknown({ at, detail })] };
  }
  const name = typeof user === 'string' && !/^[0-9]+$/.test(user) ? user : null;
  return { value: { name, uid, gid: own }, diagnostics: [] };
}

/** The processes of a plan, once its steps are known. */
export function lowerProcesses(
  vms: readonly ResolvedVm[],
  users: ProcessUsers,
  assignments: readonly Assignment[],
  steps: StepLists,
): Process[] {
  return vms.flatMap((vm) => {
    const { run } = vm;
    if (run === null) return [];
    return [
      {
        vm: vm.name,
        command: [...run.command],
        user: users.get(vm) ?? null,
        workingDirectory: run.workingDirectory,
        environment: [...run.environment],
        onExit: run.onExit,
        ...processParts(vm.name, assignments, steps),
        at: { file: run.at.file, line: run.at.start.line },
      },
    ];
  });
}
