import { closeSync } from 'node:fs';
import { KernelError } from '../kernel/port.ts';
import { loadUnixSockets } from '../kernel/linux/unix-socket.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** The service manager that started us, told how we are (sd_notify(3)). */
export interface ServiceManager {
  /** Sends assignments, a line each: `READY=1`. A manager that does not listen is no reason to fail. */
  tell(...lines: readonly string[]): void;
  /** Stops the watchdog's beat. */
  dispose(): void;
}

const NOBODY: ServiceManager = { tell: () => {}, dispose: () => {} };

/**
 * The manager that NOTIFY_SOCKET names; one that takes everything and does nothing where there is none. With a watchdog
 * (WATCHDOG_USEC, WATCHDOG_PID) it hears from us twice in each of its periods, as long as this process runs its loop.
 */
export async function serviceManager(env: Environment): Promise<ServiceManager> {
  const path = env['NOTIFY_SOCKET'];
  if (!path || !/^[/@]./.test(path)) return NOBODY;
  const sockets = await loadUnixSockets();
  const tell = (...lines: readonly string[]): void => {
    try {
      const fd = sockets.connect(path, 'datagram');
      try {
        sockets.send(fd, Buffer.from(lines.join('\n'), 'utf8'), []);
      } finally {
        closeSync(fd);
      }
    } catch (error) {
      if (!(error instanceof KernelError)) throw error;
    }
  };
  const period = watchdogMs(env);
  const beat = period === null ? undefined : setInterval(() => tell('WATCHDOG=1'), period / 2);
  beat?.unref();
  return { tell, dispose: () => clearInterval(beat) };
}

/** The watchdog's period in milliseconds; null where none is set, or where it is another process's. */
function watchdogMs(env: Environment): number | null {
  const period = Number(env['WATCHDOG_USEC']) / 1000;
  const pid = env['WATCHDOG_PID'];
  if (!(period >= 1) || (pid !== undefined && Number(pid) !== process.pid)) return null;
  return period;
}
