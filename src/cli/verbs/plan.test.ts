import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { recordingTerminal } from '../../testing/index.ts';
import { directoryWith } from '../../testing/directory.ts';
import { runCommandLine } from '../run.ts';

const EXAMPLE = join(import.meta.dirname, '../../../examples/one-nic');

async function plan(cwd: string, ...args: string[]) {
  const terminal = recordingTerminal({ cwd });
  const inputs = ['-f', join(EXAMPLE, 'vfio-compose.yaml'), '--host', join(EXAMPLE, 'host.json')];
  const status = await runCommandLine(['plan', ...inputs, ...args], '9.8.7', () => terminal);
  return { status, ...terminal.output };
}

it('-o c prints the program of the plan, whole', async () => {
  const { status, out } = await plan('/', '-o', 'c');
  expect(status).toBe(0);
  expect(out).toMatch(/^\/\*\n \* The plan of one-nic, made by vfio-compose \d/);
  for (const part of ['#define PROJECT "one-nic"', 'plan_up[]', 'int main(']) expect(out).toContain(part);
});

it('-o c --out saves the program and not the plan, and says what to do with it', async () => {
  const folder = directoryWith({});
  const printed = await plan('/', '-o', 'c');
  const { status, out, err } = await plan(folder, '-o', 'c', '--out', 'plan.c');
  expect({ status, out }).toEqual({ status: 0, out: '' });
  expect(err).toContain('compile it');
  expect(readFileSync(join(folder, 'plan.c'), 'utf8')).toBe(printed.out);
});

it('--out without -o c saves the plan, which is then shown', async () => {
  const folder = directoryWith({});
  const { out, err } = await plan(folder, '--out', 'plan.json');
  expect(out).toContain('Plan of one-nic');
  expect(err).toContain('up --plan');
  expect(JSON.parse(readFileSync(join(folder, 'plan.json'), 'utf8'))).toMatchObject({ project: 'one-nic' });
});

it('a file that cannot be written is said, with a status of its own', async () => {
  const { status, err } = await plan('/', '-o', 'c', '--out', '/nowhere/plan.c');
  expect(status).toBe(1);
  expect(err).toContain('/nowhere/plan.c cannot be written');
});
