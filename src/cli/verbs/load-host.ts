import { statusOf } from '../exit-status.ts';
import type { HostInventory, Result } from '../../model/index.ts';
import { loadInventory } from '../../runtime/inventory/index.ts';
import { stateDirectoryOf } from '../state-of.ts';
import type { Invocation } from '../verb.ts';

/** The host that a verb is about, or the exit status where it cannot be read; the reason is printed. */
export async function loadHost(
  invocation: Invocation,
  options: { readonly identifiers: boolean },
): Promise<{ readonly inventory: HostInventory } | { readonly status: number }> {
  const { global, terminal } = invocation;
  const { value, diagnostics } = await (global.host === undefined && global.tree === undefined
    ? loadInventory(options)
    : plannedFor(invocation));
  if (diagnostics.length > 0) {
    const { renderDiagnostics } = await import('../../render/diagnostics.ts');
    terminal.err(renderDiagnostics(diagnostics, new Map(), { colour: terminal.colour('err') }));
  }
  return value ? { inventory: value } : { status: statusOf(diagnostics) };
}

/** A host that is not this machine, as `plan` would see it: a simulated one as the projects that run on it have made it. */
async function plannedFor(invocation: Invocation): Promise<Result<HostInventory>> {
  const { openMachine } = await import('../../runtime/project/open-machine.ts');
  const { global, terminal } = invocation;
  const state = stateDirectoryOf(invocation);
  const options = { identifiers: false, tree: global.tree };
  const { value, diagnostics } = await openMachine(global.host, terminal.cwd, state, options);
  return value ? { value: value.inventory, diagnostics } : { diagnostics };
}
