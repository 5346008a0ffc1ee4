import { resolve } from 'node:path';
import { decodePlan, planUnreadable } from '../compiler/plan-file/decode.ts';
import { checkStale } from '../compiler/plan-file/stale.ts';
import { type Diagnostic, hasErrors, LIMITS } from '../model/index.ts';
import { openMachine } from '../runtime/project/open-machine.ts';
import { runningProjects } from '../runtime/project/running.ts';
import { readInputText } from '../runtime/read-input.ts';
import { type CompiledInvocation, fingerprint, reporter } from './compile-invocation.ts';
import type { Changing } from './changing.ts';
import { recoverFirst } from './recover-first.ts';
import type { Invocation } from './verb.ts';

/** Reads, verifies and compares with the host a plan that was saved: it runs exactly as reviewed, or not at all. */
export async function loadPlanFile(
  invocation: Invocation,
  file: string,
  changing: Changing,
): Promise<CompiledInvocation> {
  const { state } = changing;
  const { terminal, global } = invocation;
  const result = (diagnostics: readonly Diagnostic[], more: Partial<CompiledInvocation> = {}): CompiledInvocation => ({
    diagnostics,
    report: reporter(invocation, diagnostics, new Map()),
    ...more,
  });
  const read = readInputText(resolve(terminal.cwd, file), { limit: LIMITS.plan.bytes, pipe: true });
  if ('refusal' in read) return result([planUnreadable({ detail: `${file} ${read.refusal.what}.` })]);
  const { text } = read;
  const decoded = decodePlan(text, file);
  if (!decoded.value) return result(decoded.diagnostics);
  const plan = decoded.value;
  const source = await fingerprint(text);
  const stopped = await recoverFirst(invocation, changing, plan.project, source);
  if (stopped !== undefined) return result([], { stopped });
  const { value: machine, diagnostics } = await openMachine(global.host, terminal.cwd, state, { identifiers: false });
  if (!machine) return result(diagnostics);
  const stale = checkStale(plan, machine.inventory, runningProjects(state, machine.hostFile));
  return hasErrors(stale) ? result(stale) : result([...diagnostics, ...stale], { plan, machine, source });
}
