import { expect, test } from 'vitest';
import { filesIn, shippedSources, type Source } from './sources.ts';

/** What starts a shell, or hands it a line, in TypeScript and in the C program of a plan. */
const SHELLS: readonly (readonly [string, RegExp])[] = [
  [
    'exec or execSync of child_process',
    /\b(?:exec|execSync)\b(?=[^;\n]*(?:child_process|from 'node:child))|\bchild_process\b[^;\n]*\bexec(?:Sync)?\b|(?<![.\w])exec(?:Sync)?\(/,
  ],
  ['a shell as an option', /\bshell:\s*(?:true\b|['"`])/],
  [
    'a shell as a program',
    /\b(?:spawn|fork|execFile)(?:Sync)?\(\s*['"`](?:\/bin\/|\/usr\/bin\/)?(?:sh|bash|dash|zsh)['"`]/,
  ],
  ['a command line', /['"`]-l?c['"`]\s*[,\]]/],
  ['system or popen', /(?<![.\w])(?:system|popen)\(/],
];

/** The command itself, its plugins, what it makes, and what builds it. Its completions are for the user's own shell. */
const shipped = (): Source[] => [
  ...shippedSources(),
  ...filesIn(['scripts'], /\.(?:ts|cjs)$/),
  ...filesIn(['templates/c', 'templates/plugin'], /\.(?:c|hbs)$/),
];

const shellsIn = (text: string): string[] => SHELLS.filter(([, pattern]) => pattern.test(text)).map(([what]) => what);

test('SECURITY: nothing that ships starts a shell', () => {
  const found = shipped().flatMap(({ path, text }) => shellsIn(text).map((what) => `${path}: ${what}`));
  expect(found).toEqual([]);
});

test.each([
  `import { exec } from 'node:child_process';`,
  `const { execSync } = await import('node:child_process');`,
  `exec('modprobe vfio');`,
  `spawn('modprobe', [], { shell: true });`,
  `spawn(program, args, { shell: '/bin/zsh' });`,
  `spawn('sh', ['-c', line]);`,
  `spawn("/bin/bash", []);`,
  `spawn(x, ['-c', line]);`,
  `    system("modprobe vfio");`,
  `    FILE *out = popen(line, "r");`,
])('SECURITY: finds the shell in %s', (line) => {
  expect(shellsIn(line)).not.toEqual([]);
});

test.each([
  `const match = PATTERN.exec(text);`,
  `spawn(command, args, { shell: false });`,
  `execFileSync('npm', args);`,
  `/** What the system (the kernel) does. */ const bash = completion.bash;`,
])('SECURITY: finds none in %s', (line) => {
  expect(shellsIn(line)).toEqual([]);
});
