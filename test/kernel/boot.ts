import { spawn } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { ConsoleReport } from './console-report.ts';
import { compileForGuest } from './compile-request.ts';
import { serveRequest } from './monitor.ts';
import type { ReportReader } from './report.ts';
import { qemuArguments, type Boot, type Machine } from './machine.ts';

/** How a boot ended, apart from what the guest reported. */
export interface BootEnd {
  readonly seconds: number;
  /** What went wrong with the machine itself, or nothing. */
  readonly problem: string | undefined;
  /** The last lines of the console, for the log of a failure. */
  readonly console: readonly string[];
}

const PANIC = /Kernel panic - not syncing|BUG: |Oops:|general protection fault|unable to handle kernel/i;
const CONSOLE_TAIL = 60;

/** How long a machine may take. */
export interface Limits {
  /** From its start to its power-off, in seconds. */
  readonly wholeSeconds: number;
  /** Without a line of its report: a guest that hangs is found long before its time is over. In seconds. */
  readonly silentSeconds: number;
}

/**
 * Starts QEMU, passes the guest's report to the reader while it comes in, and waits for the power-off.
 * QEMU is killed by its own process id when a limit is reached, or as soon as the kernel panics; nothing else is touched.
 */
export async function bootMachine(
  machine: Machine,
  boot: Boot,
  reader: ReportReader,
  consoleFile: string,
  limits: Limits,
): Promise<BootEnd> {
  let heard = performance.now();
  const hear = (text: string): void => {
    heard = performance.now();
    reader.feed(text);
  };
  const server = createServer((socket) => {
    socket.setEncoding('utf8');
    socket.on('data', hear);
    socket.on('error', () => socket.destroy());
  });
  server.listen(boot.reportSocket);
  await once(server, 'listening');
  const started = performance.now();
  const qemu = spawn(machine.program, qemuArguments(machine, boot), { stdio: ['ignore', 'pipe', 'pipe'] });
  const log = createWriteStream(consoleFile);
  let said = '';
  let problem: string | undefined;
  const stop = (why: string): void => {
    problem ??= why;
    qemu.kill('SIGKILL');
  };
  const listen = (text: string): void => {
    log.write(text);
    said = (said + text).slice(-64 * 1024);
    const panic = PANIC.exec(said);
    if (panic && problem === undefined) {
      problem = `the guest kernel failed: ${panic[0]}`;
      // Time for the rest of the message: it is what the failure is understood from.
      setTimeout(() => qemu.kill('SIGKILL'), 2000).unref();
    }
  };
  const mixed = new ConsoleReport(hear, listen);
  qemu.stdout.setEncoding('utf8').on('data', (text: string) => {
    if (machine.report === 'console') mixed.feed(text);
    else listen(text);
  });
  qemu.stderr.setEncoding('utf8').on('data', listen);
  reader.onRequest = (request) => {
    const [, program] = /^compile ([a-z]+)$/.exec(request) ?? [];
    const served =
      program === undefined
        ? serveRequest(request, boot.monitorSocket)
        : compileForGuest(program, reader.attachment(`${program}.c`), machine.architecture, boot.work);
    served.catch((error: unknown) => listen(`${String(error)}\n`));
  };
  const atExit = (): void => void qemu.kill('SIGKILL');
  process.once('exit', atExit);
  const secondsSince = (then: number): number => (performance.now() - then) / 1000;
  const timer = setInterval(() => {
    if (secondsSince(started) > limits.wholeSeconds) stop(`still running after ${limits.wholeSeconds} s`);
    else if (secondsSince(heard) > limits.silentSeconds) stop(`reported nothing for ${limits.silentSeconds} s`);
  }, 1000);
  const status = await new Promise<number | null>((resolve) => {
    qemu.on('error', (error) => {
      problem ??= `${machine.program} could not be started: ${error.message}`;
      resolve(null);
    });
    qemu.on('close', resolve);
  });
  clearInterval(timer);
  process.off('exit', atExit);
  mixed.end();
  log.end();
  server.close();
  if (status !== 0) problem ??= `${machine.program} ended with status ${status}`;
  return {
    seconds: secondsSince(started),
    problem,
    console: said.split(/\r?\n/).slice(-CONSOLE_TAIL),
  };
}
