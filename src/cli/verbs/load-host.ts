import { statusOf } from '../exit-status.ts';
import type { HostInventory, Result } from '../../model/index.ts';
import { loadInventory } from '../../runtime/inventory/index.ts';
import { stateDirectoryOf } from '../transition.ts';
import type { Invocation } from '../verb.ts';

/** The host that a verb is about, or the exit status where it cannot be read; the reason is printed. */
export async function loadHost(
  invocation: Invocation,
  options: { readonly identifiers: boolean },
): Promise<{ readonly inventory: HostInventory } | { readonly status: number }> {
  const { global, terminal } = invocation;
  const { value, diagnostics } =
    global.host === undefined ? await loadInventory(options) : await simulatedInventory(invocation, global.host);
  if (diagnostics.length > 0) {
    const { renderDiagnostics } = await import('../../render/diagnostics.ts');
    terminal.err(renderDiagnostics(diagnostics, new Map(), { colour: terminal.colour('err') }));
  }
  return value ? { inventory: value } : { status: statusOf(diagnostics) };
}

/** A simulated host as the projects that run on it have made it: what `plan` would see, too. */
async function simulatedInventory(invocation: Invocation, file: string): Promise<Result<HostInventory>> {
  const { openMachine } = await import('../../runtime/project/open-machine.ts');
  const state = stateDirectoryOf(invocation);
  const { value, diagnostics } = await openMachine(file, invocation.terminal.cwd, state, { identifiers: false });
  return value ? { value: value.inventory, diagnostics } : { diagnostics };
}
