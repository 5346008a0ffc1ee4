import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Argument, type Command, Option } from 'commander';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Verb } from '../verb.ts';
import { describeCommandLine } from './describe.ts';
import { renderCompletion, type Shell } from './render.ts';

const verb = (name: string, summary: string, configure: (command: Command) => unknown): Verb => ({
  name,
  summary,
  configure: (command) => void configure(command),
  run: async () => 0,
});

const VERBS = {
  plan: async () =>
    verb('plan', "the dry run: what `up` would do, and it's safe", (command) =>
      command
        .argument('[manifest]')
        .addOption(new Option('-o, --output <format>').choices(['text', 'json']))
        .option('--out <file>', 'save [the plan]')
        .option('--detailed-exitcode', 'status 2 where there are steps'),
    ),
  inspect: async () =>
    verb('inspect', 'what the host has', (command) =>
      command.addArgument(new Argument('[what]').choices(['devices', 'groups'])).option('--secret', 'x'),
    ),
  merge: async () =>
    verb('merge', 'many files', (command) => command.argument('<manifests...>').option('--into <folder>')),
};

const script = async (shell: Shell): Promise<string> =>
  renderCompletion(shell, await describeCommandLine('vfio-compose', VERBS));

let folder: string;
let scripts: string;
beforeAll(() => {
  scripts = mkdtempSync(join(tmpdir(), 'completion-scripts-'));
  folder = mkdtempSync(join(tmpdir(), 'completion-'));
  writeFileSync(join(folder, 'router one.yaml'), '');
  writeFileSync(join(folder, 'router.json'), '');
  mkdirSync(join(folder, 'routes'));
});
afterAll(() => {
  for (const made of [folder, scripts]) rmSync(made, { recursive: true, force: true });
});

/** What bash offers for the last of the words. */
async function offers(...words: string[]): Promise<string[]> {
  writeFileSync(join(scripts, 'bash'), await script('bash'));
  const ask = `source "$0"\nCOMP_WORDS=("$@") COMP_CWORD=$(($# - 1))\n_vfio_compose\nprintf '%s\\n' "\${COMPREPLY[@]}"`;
  const output = execFileSync('bash', ['-u', '-c', ask, join(scripts, 'bash'), 'vfio-compose', ...words], {
    cwd: folder,
    encoding: 'utf8',
  });
  return output.split('\n').filter(Boolean).sort();
}

test('bash offers the verbs, and those that begin as typed', async () => {
  expect(await offers('')).toEqual(['inspect', 'merge', 'plan']);
  expect(await offers('pl')).toEqual(['plan']);
});

test('bash offers the global options before a verb, and those of the verb too after it', async () => {
  expect(await offers('--h')).toEqual(['--help', '--host']);
  expect(await offers('plan', '--')).toEqual(expect.arrayContaining(['--host', '--output', '--detailed-exitcode']));
  expect(await offers('inspect', '--')).not.toContain('--output');
});

test('bash finds the verb behind options and their values', async () => {
  expect(await offers('-f', 'plan', 'in')).toEqual(['inspect']);
  expect(await offers('--file', '=', 'plan', '--quiet', 'plan', '-o', '')).toEqual(['json', 'text']);
});

test('bash completes the value of an option, also behind an equals sign', async () => {
  expect(await offers('plan', '-o', 'j')).toEqual(['json']);
  expect(await offers('plan', '--output', '=')).toEqual(['json', 'text']);
  expect(await offers('plan', '--output', '=', 't')).toEqual(['text']);
  expect(await offers('--ansi', 'a')).toEqual(['always', 'auto']);
});

test('bash completes files, with their blanks, where a file is meant', async () => {
  expect(await offers('plan', 'rout')).toEqual(['router one.yaml', 'router.json', 'routes']);
  expect(await offers('plan', '--out', 'router')).toEqual(['router one.yaml', 'router.json']);
  expect(await offers('--host', 'router.')).toEqual(['router.json']);
  expect(await offers('merge', 'a.yaml', 'b.yaml', 'router.')).toEqual(['router.json']);
});

test('bash completes directories only where a directory is meant', async () => {
  expect(await offers('merge', '--into', 'rout')).toEqual(['routes']);
  expect(await offers('--state-dir', 'rout')).toEqual(['routes']);
});

test('bash completes the words of an argument once', async () => {
  expect(await offers('inspect', 'g')).toEqual(['groups']);
  expect(await offers('inspect', 'groups', 'd')).toEqual([]);
});

test('bash offers nothing where it cannot know', async () => {
  expect(await offers('--project-name', 'p')).toEqual([]);
  expect(await offers('unheard-of', 'p')).toEqual([]);
});

const installed = (shell: string) => spawnSync(shell, ['-c', 'true']).status === 0;

test.each(['bash', 'zsh', 'fish'] as const)('%s accepts its script, where it is installed', async (shell) => {
  const file = join(scripts, shell);
  writeFileSync(file, await script(shell));
  if (!installed(shell)) {
    expect(shell).not.toBe('bash');
    return;
  }
  const run = spawnSync(shell, ['-n', file], { encoding: 'utf8' });
  expect(run.stderr).toBe('');
  expect(run.status).toBe(0);
});

test('zsh gets every verb and option, with the marks of its specs escaped', async () => {
  const text = await script('zsh');
  expect(text).toContain(`'plan:the dry run\\: what \`up\` would do, and it'\\''s safe'`);
  expect(text).toContain(`'--out[save \\[the plan\\]]:file:_files'`);
  expect(text).toContain(`'(-o --output)-o[]:format:(text json)' '(-o --output)--output[]:format:(text json)'`);
  expect(text).toContain(`'*-f[manifest; again for files that override earlier ones; - is stdin]:file:_files'`);
  expect(text).toContain(`'*:manifests:_files'`);
  expect(text).toMatch(/^#compdef vfio-compose$/m);
});

test('fish gets every verb and option, each under its verb', async () => {
  const text = await script('fish');
  expect(text).toContain(`-n __fish_use_subcommand -a 'plan' -d 'the dry run: what \`up\` would do, and it\\'s safe'`);
  expect(text).toContain(`-n '__fish_seen_subcommand_from plan' -s o -l output -r -a 'text json' -d ''`);
  expect(text).toContain(`-n '__fish_seen_subcommand_from plan' -l out -r -F -d 'save [the plan]'`);
  expect(text).toContain(`-n '__fish_seen_subcommand_from inspect' -a 'devices groups'`);
  expect(text).toContain(`complete -c vfio-compose -l state-dir -r -a '(__fish_complete_directories)'`);
});
