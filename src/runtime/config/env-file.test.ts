import { expect, test } from 'vitest';
import { parseEnvFile } from './env-file.ts';

const parse = (text: string) => parseEnvFile({ file: 'my.env', text });

test('reads assignments, quotes, comments and export', () => {
  const text =
    '\uFEFFA=1\r\n# no\n\n  export B = two words # why\nC="a\\tb \\"#\\"" # c\nD=\'$x \\n\'\nE=\nF=a#b\nG=x=y\n';
  expect(parse(text)).toEqual({
    variables: { A: '1', B: 'two words', C: 'a\tb "#"', D: '$x \\n', E: '', F: 'a#b', G: 'x=y' },
    diagnostics: [],
  });
});

test('lets later lines win', () => {
  expect(parse('A=1\nA=2\n').variables).toEqual({ A: '2' });
});

test('refuses lines that are no assignments, with their places', () => {
  const { diagnostics } = parse('A=1\njust text\n5=x\nB="open\nC=\'open\n');
  expect(diagnostics.map(({ code, at }) => `${code}@${at?.file}:${at?.start.line}`)).toEqual([
    'bad-env-file@my.env:2',
    'bad-env-file@my.env:3',
    'bad-env-file@my.env:4',
    'bad-env-file@my.env:5',
  ]);
});

test('does not show the value of a line that it refuses', () => {
  expect(parse('TOKEN="secret').diagnostics[0]?.detail).not.toContain('secret');
});

test('reads lines with a million blanks as any other, and keeps what stands before a comment', () => {
  const blanks = ' '.repeat(1_000_000);
  const text = `A=a${blanks}b${blanks}# c\nB=${blanks}\nC=x#y # z\nD=# all\n`;
  const { variables } = parseEnvFile({ file: 'e', text });
  expect(variables).toEqual({ A: `a${blanks}b`, B: '', C: 'x#y', D: '' });
});
