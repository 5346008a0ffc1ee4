import { loadManifest } from '../runtime/config/index.ts';
import { manifestRequest, reporter } from './compile-invocation.ts';
import { statusOf } from './exit-status.ts';
import type { Invocation } from './verb.ts';

/**
 * The name of the project that a command line means: -p, or what the manifest says. With -p no manifest is needed, so
 * that a project can be taken down when its manifest is gone. The exit status, after a message, where there is neither.
 */
export async function projectName(invocation: Invocation): Promise<{ readonly name: string } | number> {
  const { projectName: given } = invocation.global;
  if (given !== undefined) return { name: given };
  const { value, diagnostics, sources } = await loadManifest(manifestRequest(invocation));
  if (value) return { name: value.name };
  await reporter(invocation, diagnostics, sources)();
  invocation.terminal.err('Without a manifest, name the project with -p NAME; "vfio-compose ps" lists them.\n');
  return statusOf(diagnostics);
}
