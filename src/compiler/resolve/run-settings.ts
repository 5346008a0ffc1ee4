import type { Manifest, Path, ResolvedRun, VmManifest } from '../../model/index.ts';

/** The program of a VM with every default written out; null where it has none. */
export function resolveRun(vm: VmManifest, path: Path, manifest: Manifest): ResolvedRun | null {
  const { run, onExit = 'release' } = vm;
  if (run === undefined) return null;
  return {
    command: run.command,
    user: run.user ?? null,
    group: run.group ?? null,
    workingDirectory: run.workingDirectory ?? '/',
    environment: Object.entries(run.environment ?? {}).map(([name, value]) => ({ name, value })),
    onExit,
    at: manifest.keyAt([...path, 'run']),
  };
}
