import { resolve } from 'node:path';
import type { Result } from '../../model/index.ts';
import { digestOf, loadInventory } from '../inventory/index.ts';
import { liveMachine } from './live-machine.ts';
import type { Machine } from './machine.ts';
import type { StateDirectory } from './state-directory.ts';

/** Opens the machine that a command is about: a snapshot with a simulated kernel where one is named, else this one. */
export async function openMachine(
  hostFile: string | undefined,
  cwd: string,
  state: StateDirectory,
  options: { readonly identifiers: boolean },
): Promise<Result<Machine>> {
  if (hostFile !== undefined) {
    const { simulatedMachine } = await import('./simulated-machine.ts');
    return simulatedMachine(resolve(cwd, hostFile), state);
  }
  const { value, diagnostics } = await loadInventory(options);
  return value ? { value: liveMachine(value, digestOf(value)), diagnostics } : { diagnostics };
}
