import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { DatagramSocket } from '../../testing/datagram-socket.ts';
import { serviceManager } from './service-manager.ts';

let folder: string;
let socket: DatagramSocket | undefined;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'service-manager-'));
});
afterEach(() => {
  vi.useRealTimers();
  socket?.close();
  socket = undefined;
  rmSync(folder, { recursive: true, force: true });
});

it.each(['path', 'abstract'])('tells the service manager how it is, over a real datagram socket: %s', async (kind) => {
  const path = kind === 'path' ? join(folder, 'notify') : `@${join(folder, 'notify')}`;
  socket = await DatagramSocket.bind(path);
  const manager = await serviceManager({ NOTIFY_SOCKET: path });
  manager.tell('READY=1', 'STATUS=Project edge is up.');
  manager.tell('STOPPING=1');
  expect(socket.received()).toEqual(['READY=1\nSTATUS=Project edge is up.', 'STOPPING=1']);
  manager.dispose();
});

it('beats twice in each period of a watchdog that is ours, until it is disposed of', async () => {
  const path = join(folder, 'notify');
  socket = await DatagramSocket.bind(path);
  vi.useFakeTimers();
  const env = { NOTIFY_SOCKET: path, WATCHDOG_USEC: '3000000', WATCHDOG_PID: String(process.pid) };
  const manager = await serviceManager(env);
  await vi.advanceTimersByTimeAsync(3_000);
  expect(socket.received()).toEqual(['WATCHDOG=1', 'WATCHDOG=1']);
  manager.dispose();
  await vi.advanceTimersByTimeAsync(10_000);
  expect(socket.received()).toEqual([]);
});

it.each([{ WATCHDOG_USEC: '3000000', WATCHDOG_PID: '1' }, { WATCHDOG_USEC: 'often' }, { WATCHDOG_USEC: '0' }, {}])(
  'does not beat for a watchdog that is not there, or is not ours: %j',
  async (watchdog) => {
    const path = join(folder, 'notify');
    socket = await DatagramSocket.bind(path);
    vi.useFakeTimers();
    const manager = await serviceManager({ NOTIFY_SOCKET: path, ...watchdog });
    await vi.advanceTimersByTimeAsync(10_000);
    expect(socket.received()).toEqual([]);
    manager.dispose();
  },
);

it.each([undefined, '', 'relative', '/nobody/listens/here', `/${'x'.repeat(200)}`])(
  'takes everything and fails at nothing where no manager listens: %s',
  async (path) => {
    const manager = await serviceManager({ NOTIFY_SOCKET: path });
    expect(() => manager.tell('READY=1')).not.toThrow();
    manager.dispose();
  },
);
