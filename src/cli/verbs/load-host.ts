import { resolve } from 'node:path';
import { statusOf } from '../exit-status.ts';
import type { HostInventory } from '../../model/index.ts';
import { loadInventory } from '../../runtime/inventory/index.ts';
import type { Invocation } from '../verb.ts';

/** The host that a verb is about, or the exit status where it cannot be read; the reason is printed. */
export async function loadHost(
  { global, terminal }: Invocation,
  options: { readonly identifiers: boolean },
): Promise<{ readonly inventory: HostInventory } | { readonly status: number }> {
  const host = global.host === undefined ? undefined : resolve(terminal.cwd, global.host);
  const { value, diagnostics } = await loadInventory({ ...options, host });
  if (diagnostics.length > 0) {
    const { renderDiagnostics } = await import('../../render/diagnostics.ts');
    terminal.err(renderDiagnostics(diagnostics, new Map(), { colour: terminal.colour('err') }));
  }
  return value ? { inventory: value } : { status: statusOf(diagnostics) };
}
