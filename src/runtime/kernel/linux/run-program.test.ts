import { chmodSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { expect, it, vi } from 'vitest';
import { directoryWith } from '../../../testing/directory.ts';
import { runProgram } from './run-program.ts';

it('SECURITY: gives a program an environment of two variables, whatever the caller’s is', async () => {
  vi.stubEnv('MODPROBE_OPTIONS', '-C /tmp/evil.conf');
  vi.stubEnv('LD_PRELOAD_TEST', '/tmp/evil.so');
  const { stderr } = await runProgram(process.execPath, ['-e', 'process.stderr.write(JSON.stringify(process.env))']);
  vi.unstubAllEnvs();
  expect(JSON.parse(stderr)).toEqual({ PATH: '/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C' });
});

it('SECURITY: looks for a program where those of the system are, and not on the caller’s PATH', async () => {
  const folder = directoryWith({ 'vfio-compose-test-program': '#!/bin/sh\nexit 3\n' });
  chmodSync(join(folder, 'vfio-compose-test-program'), 0o755);
  vi.stubEnv('PATH', `${folder}${delimiter}${process.env['PATH'] ?? ''}`);
  await expect(runProgram('vfio-compose-test-program', [])).rejects.toMatchObject({ code: 'ENOENT' });
  vi.unstubAllEnvs();
  expect(await runProgram(join(folder, 'vfio-compose-test-program'), [])).toMatchObject({ status: 3 });
});

it('SECURITY: hands arguments on as they are: nothing in them is a command', async () => {
  const args = ['; exit 9', '$(exit 9)', '`exit 9`', '*', '|| exit 9', ''];
  const { status, stderr } = await runProgram(process.execPath, [
    ...['-e', 'process.stderr.write(JSON.stringify(process.argv.slice(1)))', '--'],
    ...args,
  ]);
  expect([status, JSON.parse(stderr)]).toEqual([0, args]);
});
