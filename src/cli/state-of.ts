import { resolve } from 'node:path';
import { StateDirectory } from '../runtime/project/state-directory.ts';
import { type Invocation, UsageError } from './verb.ts';

/** Absolute: a supervisor works in another directory. */
export function stateDirectoryOf({ global, terminal }: Invocation): StateDirectory {
  const { path } = global.stateDir
    ? new StateDirectory(global.stateDir)
    : StateDirectory.default(global.host !== undefined || global.tree !== undefined, terminal.env);
  return new StateDirectory(resolve(terminal.cwd, path));
}

/** Throws {@link UsageError} for a host that cannot be changed, because it is only a device tree. */
export function refuseTree({ global }: Invocation): void {
  if (global.tree === undefined) return;
  throw new UsageError(
    '--dtb is for planning: a device tree has no kernel that could carry anything out. ' +
      '"vfio-compose capture --dtb FILE -o host.json" makes a snapshot of it, and --host host.json a simulated kernel of that',
  );
}
