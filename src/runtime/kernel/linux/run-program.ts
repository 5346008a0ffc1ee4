import { errnoName } from '../errno.ts';
import { KernelError } from '../port.ts';

/** As much of a program's complaint is kept. */
const MAX_STDERR = 64 * 1024;

/** Where system programs live; a caller's PATH does not decide what root runs. */
const ENVIRONMENT = { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C' };

/**
 * Runs a program without a shell and waits for it. A signal's death is status 128 and its number, as shells count.
 * Throws {@link KernelError} where the program cannot be started.
 */
export async function runProgram(
  command: string,
  args: readonly string[],
): Promise<{ readonly status: number; readonly stderr: string }> {
  const [{ spawn }, { constants }] = await Promise.all([import('node:child_process'), import('node:os')]);
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { shell: false, stdio: ['ignore', 'ignore', 'pipe'], env: ENVIRONMENT });
    let stderr = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      if (stderr.length < MAX_STDERR) stderr = (stderr + text).slice(0, MAX_STDERR);
    });
    child.on('error', (error: NodeJS.ErrnoException) => {
      const errno = Math.abs(error.errno ?? 0);
      reject(new KernelError('spawn', command, errnoName(errno), errno));
    });
    child.on('close', (code, signal) => {
      resolve({ status: code ?? 128 + (signal === null ? 0 : constants.signals[signal]), stderr });
    });
  });
}
