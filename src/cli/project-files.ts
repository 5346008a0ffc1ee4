import type { ProjectDirectory } from '../runtime/project/state-directory.ts';
import { ExitStatus } from './exit-status.ts';
import { projectName } from './project-name.ts';
import { stateDirectoryOf } from './state-of.ts';
import type { Invocation } from './verb.ts';

/** Where the log and the events of a project are, and whether it is still up. */
export interface ProjectFiles {
  readonly name: string;
  readonly directory: ProjectDirectory;
  readonly isUp: boolean;
}

/** Finds the files of the project that a command line means: of its run, or of its last one. A status where there is none. */
export async function projectFiles(invocation: Invocation, verb: string): Promise<ProjectFiles | number> {
  const { terminal } = invocation;
  // An argument names a VM, not a manifest.
  const named = await projectName({ ...invocation, args: [] });
  if (typeof named === 'number') return named;
  const { name } = named;
  const state = stateDirectoryOf(invocation);
  if (state.isHidden()) {
    terminal.err(
      `vfio-compose ${verb}: this user may not look into the state directory ${state.path}. Run as root, or name another with --state-dir.\n`,
    );
    return ExitStatus.privilege;
  }
  if (state.project(name).exists()) return { name, directory: state.project(name), isUp: true };
  const last = state.lastRun(name);
  if (last.exists()) return { name, directory: last, isUp: false };
  terminal.err(`vfio-compose ${verb}: project ${name} is not up.\n`);
  return ExitStatus.failedAndRolledBack;
}
