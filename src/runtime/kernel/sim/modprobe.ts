import type { SimHost } from './host.ts';

/** What modprobe does with these arguments: loads one module. Options are accepted where they change nothing here. */
export function modprobe(host: SimHost, args: readonly string[]): { readonly status: number; readonly stderr: string } {
  const names: string[] = [];
  let options = true;
  for (const arg of args) {
    if (options && arg === '--') options = false;
    else if (options && (arg === '-b' || arg === '-q' || arg === '--use-blacklist' || arg === '--quiet')) continue;
    else if (options && arg.startsWith('-')) {
      return { status: 1, stderr: `modprobe: ERROR: the simulated modprobe does not know ${arg}\n` };
    } else names.push(arg);
  }
  const [name] = names;
  if (name === undefined) return { status: 1, stderr: 'modprobe: ERROR: missing parameters.\n' };
  if (host.modules.load(name)) return { status: 0, stderr: '' };
  const where = `/lib/modules/${host.inventory.kernel.release}`;
  return { status: 1, stderr: `modprobe: FATAL: Module ${name} not found in directory ${where}\n` };
}
