import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, readSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { endianness, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { errnoOf, errnoOfLater } from '../../../testing/session.ts';
import { abiOf } from '../../uapi/abi.ts';
import type { IoctlRequest } from '../port.ts';
import { LinuxKernel } from './linux-kernel.ts';

const UNKNOWN: IoctlRequest = { name: 'VFIO_TEST', fdKind: 'container', number: 0x3b71 };
/** Reads and writes through a pointer: how many bytes can be read from a pipe (asm-generic/ioctls.h). */
const FIONREAD: IoctlRequest = { name: 'FIONREAD', fdKind: 'device', number: 0x541b };
const PAGE = 0x1000n;

describe.runIf(process.platform === 'linux')('the kernel of this machine', () => {
  let kernel: LinuxKernel;
  let folder: string;

  beforeAll(async () => {
    kernel = await LinuxKernel.load();
    folder = mkdtempSync(join(tmpdir(), 'linux-kernel-'));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  test('the architecture is that of uname, and its byte order ours', () => {
    expect(kernel.architecture).toBe(spawnSync('uname', ['-m'], { encoding: 'utf8' }).stdout.trim());
    expect(abiOf(kernel.architecture).littleEndian).toBe(endianness() === 'LE');
  });

  test('an ioctl that a file does not know is ENOTTY, with a struct, a number or nothing', () => {
    const fd = kernel.open('/dev/null', 'read-write');
    for (const argument of [Buffer.alloc(32), 3, null]) {
      expect(errnoOf(() => kernel.ioctl(fd, UNKNOWN, argument))).toBe('ENOTTY');
    }
    kernel.close(fd);
    expect(errnoOf(() => kernel.ioctl(fd, UNKNOWN, null))).toBe('EBADF');
  });

  test('a failure names the call, the kind of descriptor and the errno', () => {
    expect(() => kernel.ioctl(-1, UNKNOWN, null)).toThrow(
      expect.objectContaining({ call: 'VFIO_TEST', target: 'container', code: 'EBADF', errno: 9 }),
    );
  });

  test('an ioctl changes its struct in place, on this thread and off it', async () => {
    const fd = kernel.memfdCreate('test', null);
    kernel.ftruncate(fd, 1000n);
    const [here, there] = [Buffer.alloc(4), Buffer.alloc(4)];
    expect(kernel.ioctl(fd, FIONREAD, here)).toBe(0);
    expect(await kernel.ioctlLong(fd, FIONREAD, there)).toBe(0);
    expect([here.readInt32LE(), there.readInt32LE()]).toEqual([1000, 1000]);
    kernel.close(fd);
  });

  test('a call off the main thread keeps its own errno, whatever this thread does meanwhile', async () => {
    const fd = kernel.open('/dev/null', 'read-write');
    const calls: Promise<string>[] = [];
    for (let i = 0; i < 50; i += 1) {
      calls.push(errnoOfLater(kernel.ioctlLong(fd, UNKNOWN, i % 2 === 0 ? Buffer.alloc(32) : 5)));
      calls.push(errnoOfLater(kernel.ioctlLong(-1, UNKNOWN, Buffer.alloc(32))));
      expect(errnoOf(() => kernel.open('/nosuch', 'read'))).toBe('ENOENT');
      expect(errnoOf(() => kernel.munmap(1n, PAGE))).toBe('EINVAL');
    }
    expect(await Promise.all(calls)).toEqual(Array.from({ length: 100 }, (_, i) => (i % 2 === 0 ? 'ENOTTY' : 'EBADF')));
    kernel.close(fd);
  });

  test('memory is mapped on a page, addresses are exact to 64 bits, and munmap takes it back', () => {
    const length = 1n << 40n;
    const maps = () => readFileSync('/proc/self/maps', 'utf8');
    const address = kernel.mmap({ length: 8n * PAGE, hugePageSize: null, fd: null });
    expect(address % PAGE).toBe(0n);
    expect(maps()).toContain(`${address.toString(16)}-`);
    kernel.munmap(address, 8n * PAGE);
    expect(errnoOf(() => kernel.munmap(0xffff_ffff_ffff_f000n, PAGE))).toBe('EINVAL');
    expect(errnoOf(() => kernel.munmap(0x7fff_0000_0001n, PAGE))).toBe('EINVAL');
    expect(errnoOf(() => kernel.mmap({ length: length << 20n, hugePageSize: null, fd: null }))).toBe('ENOMEM');
    expect(errnoOf(() => kernel.mmap({ length: 0n, hugePageSize: null, fd: null }))).toBe('EINVAL');
  });

  test('a file mapped into memory shares its pages with it', () => {
    const fd = kernel.memfdCreate('guest', null);
    kernel.ftruncate(fd, 4n * PAGE);
    const address = kernel.mmap({ length: 4n * PAGE, hugePageSize: null, fd });
    const line = readFileSync('/proc/self/maps', 'utf8')
      .split('\n')
      .find((entry) => entry.includes('/memfd:guest'));
    expect(line).toMatch(new RegExp(`^${address.toString(16)}-.* rw-s `));
    kernel.munmap(address, 4n * PAGE);
    // Farther in than 32 bits reach, as the second region of a device is.
    const far = kernel.mmap({ length: PAGE, hugePageSize: null, fd, offset: 1n << 40n });
    expect(readFileSync('/proc/self/maps', 'utf8')).toMatch(
      new RegExp(`${far.toString(16)}-.* rw-s 10000000000 .*guest`),
    );
    expect(errnoOf(() => kernel.mmap({ length: PAGE, hugePageSize: null, fd, offset: 1n }))).toBe('EINVAL');
    kernel.munmap(far, PAGE);
    kernel.close(fd);
  });

  test('reads and writes go to their position, beyond 4 GiB too', () => {
    const fd = kernel.memfdCreate('sparse', null);
    const position = (7n << 40n) + 4n;
    kernel.pwrite(fd, Buffer.from('cafe', 'hex'), position);
    expect(kernel.pread(fd, 8, position - 2n).toString('hex')).toBe('0000cafe');
    for (const bad of [-1n, 1n << 60n]) {
      expect(errnoOf(() => kernel.pread(fd, 4, bad))).toBe('EINVAL');
      expect(errnoOf(() => kernel.pwrite(fd, Buffer.alloc(4), bad))).toBe('EINVAL');
    }
    kernel.close(fd);
  });

  test('a page size that the machine does not have is refused by name', () => {
    expect(errnoOf(() => kernel.memfdCreate('huge', 1n << 34n))).toBe('ENODEV');
    expect(errnoOf(() => kernel.mmap({ length: 1n << 34n, hugePageSize: 1n << 34n, fd: null }))).toBe('EINVAL');
    expect(() => kernel.mmap({ length: 4096n, hugePageSize: 5000n, fd: null })).toThrow(/no size of a page/);
  });

  test('an eventfd counts what is written to it', () => {
    const fd = kernel.eventfd();
    const one = Buffer.from('0100000000000000', 'hex');
    writeSync(fd, one);
    writeSync(fd, one);
    expect(readSync(fd, one)).toBe(8);
    expect(one.readBigUInt64LE()).toBe(2n);
    kernel.close(fd);
    expect(errnoOf(() => kernel.close(fd))).toBe('EBADF');
  });

  test('every descriptor is closed in the programs that are started', () => {
    const fds = [kernel.open('/dev/null', 'read'), kernel.eventfd(), kernel.memfdCreate('private', null)];
    for (const fd of fds) {
      const flags = /flags:\s+0?(\d+)/.exec(readFileSync(`/proc/self/fdinfo/${fd}`, 'utf8'))?.[1] ?? '';
      // O_CLOEXEC of asm-generic/fcntl.h.
      expect(Number.parseInt(flags, 8) & 0o2000000).not.toBe(0);
      kernel.close(fd);
    }
  });

  test('files fail with the errno of the system call, and with what they are', async () => {
    expect(errnoOf(() => kernel.open('/nosuch', 'read'))).toBe('ENOENT');
    expect(errnoOf(() => kernel.open('/', 'read-write'))).toBe('EISDIR');
    expect(errnoOf(() => kernel.readlink('/proc/self/status'))).toBe('EINVAL');
    expect(errnoOf(() => kernel.readFile('/'))).toBe('EISDIR');
    expect(errnoOf(() => kernel.stat('/nosuch'))).toBe('ENOENT');
    expect(errnoOf(() => kernel.chmod('/nosuch', 0o600))).toBe('ENOENT');
    expect(errnoOf(() => kernel.chown('/nosuch', 0, 0))).toBe('ENOENT');
    expect(kernel.exists('/nosuch')).toBe(false);
    expect(kernel.exists('/dev/null')).toBe(true);
    expect(kernel.stat('/dev/null')).toEqual({ uid: 0, gid: 0, mode: 0o666 });
    expect(await errnoOfLater(kernel.writeFile('/nosuch/file', 'x'))).toBe('ENOENT');
  });

  test('a write neither creates nor truncates', async () => {
    const path = join(folder, 'attribute');
    expect(await errnoOfLater(kernel.writeFile(path, 'x'))).toBe('ENOENT');
    writeFileSync(path, 'abcdef');
    await kernel.writeFile(path, 'XY');
    expect(readFileSync(path, 'utf8')).toBe('XYcdef');
  });

  test('a program gets its arguments as they are, and its status and complaint come back', async () => {
    expect(await kernel.spawn('sh', ['-c', 'echo "$1" >&2; exit 3', 'sh', 'a $(b) "c"'])).toEqual({
      status: 3,
      stderr: 'a $(b) "c"\n',
    });
    expect(await kernel.spawn('sh', ['-c', 'kill -9 $$'])).toEqual({ status: 137, stderr: '' });
    expect(await errnoOfLater(kernel.spawn('no-such-program', []))).toBe('ENOENT');
  });

  test('a program that complains without end keeps its status', async () => {
    const { status, stderr } = await kernel.spawn('sh', ['-c', 'head -c 300000 /dev/zero >&2; exit 5']);
    expect([status, stderr.length]).toEqual([5, 65_536]);
  });

  describe('R-BIND-4: writes that may wait without end', () => {
    test('arrive whole, one after the other, and fail with their errno', async () => {
      const path = join(folder, 'unbind');
      writeFileSync(path, '');
      await kernel.writeFile(path, '0000:01:00.0');
      expect(readFileSync(path, 'utf8')).toBe('0000:01:00.0');
      expect(await errnoOfLater(kernel.writeFile(join(folder, 'nosuch', 'unbind'), 'x'))).toBe('ENOENT');
      await kernel.writeFile(path, 'a "quoted"\ntext\n');
      expect(readFileSync(path, 'utf8')).toBe('a "quoted"\ntext\n'.slice(0, 16));
    });

    test('do not keep the process from ending, nor from writing elsewhere', async () => {
      const pipe = join(folder, 'stuck', 'unbind');
      const other = join(folder, 'free', 'unbind');
      spawnSync('mkdir', [join(folder, 'stuck'), join(folder, 'free')]);
      // Opening a pipe for writing waits until somebody reads: the nearest thing to a held device.
      spawnSync('mkfifo', [pipe]);
      writeFileSync(other, '');
      const program = `
        import { LinuxKernel } from ${JSON.stringify(join(import.meta.dirname, 'linux-kernel.ts'))};
        const kernel = await LinuxKernel.load();
        kernel.writeFile(${JSON.stringify(pipe)}, 'stuck').catch(() => undefined);
        await kernel.writeFile(${JSON.stringify(other)}, 'written');
        process.exit(7);`;
      const file = join(folder, 'program.mts');
      writeFileSync(file, program);
      const status = await new Promise((resolve) => {
        const child = spawn(process.execPath, ['--import', 'tsx', file], { stdio: 'inherit', timeout: 20_000 });
        child.on('close', (code, signal) => resolve(code ?? signal));
      });
      expect(status).toBe(7);
      expect(readFileSync(other, 'utf8')).toBe('written');
      // Lets the helper that still waits go.
      expect(spawnSync('cat', [pipe], { encoding: 'utf8', timeout: 10_000 }).stdout).toBe('stuck');
    });
  });
});
