import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { globalOptions } from '../src/cli/global-options.ts';
import { commandOf } from '../src/cli/run.ts';
import { verbs } from '../src/cli/verbs/index.ts';
import { ROOT } from './sources.ts';

const UNIT = readFileSync(join(ROOT, 'templates/systemd/vfio-compose@.service'), 'utf8');
const PROGRAM = '/usr/local/bin/vfio-compose';
const settings = new Map(
  UNIT.split('\n').flatMap((line) => {
    const [, key = '', value = ''] = /^(\w+)=(.*)$/.exec(line) ?? [];
    return key === '' ? [] : [[key, value] as const];
  }),
);

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'systemd-unit-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const hasSystemd = spawnSync('systemd-analyze', ['--version']).status === 0;

test.runIf(hasSystemd)('systemd has nothing to say against the unit, and would against a mistake in it', () => {
  const verify = (text: string): string => {
    const file = join(folder, 'vfio-compose@edge.service');
    writeFileSync(file, text.replaceAll(PROGRAM, process.execPath));
    const { stderr, status } = spawnSync('systemd-analyze', ['verify', '--man=no', file], { encoding: 'utf8' });
    // A systemd that cannot look at units here (no room for its files, a foreign version) exits without a line of the unit.
    return status === null ? 'did not run' : stderr;
  };
  const ofUnit = (text: string): string[] =>
    verify(text)
      .split('\n')
      .filter((line) => line.includes(folder));
  expect(ofUnit(UNIT)).toEqual([]);
  expect(ofUnit(UNIT.replace('KillMode=mixed', 'KillMode=mixd'))).toHaveLength(1);
});

test.each(['ExecStart', 'ExecStopPost'])(
  '%s is a command line of ours, about the project of the instance',
  async (key) => {
    const [program, ...args] = (settings.get(key) ?? '').replaceAll('%i', 'edge').split(' ');
    expect(program).toBe(PROGRAM);
    const name = args.find((arg) => Object.hasOwn(verbs, arg)) ?? '';
    const verb = await verbs[name]?.();
    if (!verb) throw new Error(`${key} has no verb`);
    const command = commandOf(verb).exitOverride();
    command.parse(
      args.filter((arg) => arg !== name),
      { from: 'user' },
    );
    expect(globalOptions(command.opts(), {}).projectName).toBe('edge');
  },
);

test('only vfio-compose itself gets SIGTERM, and has longer than a process and a step may take', () => {
  expect(settings.get('Type')).toBe('notify');
  expect(settings.get('KillMode')).toBe('mixed');
  expect(settings.get('TimeoutStopSec')).toBe('10min');
});
