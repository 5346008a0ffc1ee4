import { expect, it } from 'vitest';
import { recordingTerminal } from '../testing/index.ts';
import { runCommandLine } from './run.ts';
import { verbs } from './verbs/index.ts';

async function run(...args: string[]) {
  const terminal = recordingTerminal();
  const status = await runCommandLine(args, '9.8.7', () => terminal);
  return { status, ...terminal.output };
}

it('ends with 64 and the near name where the verb is unknown', async () => {
  const { status, err, out } = await run('plann', 'manifest.yaml');
  expect(status).toBe(64);
  expect(err).toContain('Did you mean "plan"?');
  expect(out).toBe('');
});

it('ends with 64 where an option is unknown, and suggests the near one', async () => {
  const { status, err } = await run('plan', '--detailed-exitcodes');
  expect(status).toBe(64);
  expect(err).toContain('--detailed-exitcode');
});

it('ends with 64 and the help on stderr where there is no verb at all', async () => {
  const { status, err, out } = await run();
  expect(status).toBe(64);
  expect(err).toContain('Usage: vfio-compose');
  expect(out).toBe('');
});

it('shows every verb in the help, on stdout', async () => {
  const { status, out } = await run('--help');
  expect(status).toBe(0);
  for (const name of Object.keys(verbs)) expect(out).toMatch(new RegExp(`^  ${name}\\b`, 'm'));
});

it('shows the help of one verb with the global options', async () => {
  const { status, out } = await run('up', '--help');
  expect(status).toBe(0);
  expect(out).toContain('--detach');
  expect(out).toContain('--state-dir');
});

it('prints its version', async () => {
  expect(await run('--version')).toMatchObject({ status: 0, out: '9.8.7\n' });
});

it('takes global options before the verb as well as after it', async () => {
  const before = await run('--host', '/nowhere/host.json', 'inspect');
  const after = await run('inspect', '--host', '/nowhere/host.json');
  expect(before).toEqual(after);
  expect(before.err).toContain('/nowhere/host.json');
});

it('refuses a manifest that is named twice, as argument and with -f', async () => {
  const { status, err } = await run('plan', 'a.yaml', '-f', 'b.yaml');
  expect(status).toBe(64);
  expect(err).toContain('not both');
});
