import { execFileSync } from 'node:child_process';
import { chmodSync, chownSync, symlinkSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { directoryWith } from '../testing/directory.ts';
import { type InputRules, readInput, readInputText } from './read-input.ts';

const LIMIT = 16;
const isRoot = process.getuid?.() === 0;

function refusal(path: string, rules: Partial<InputRules> = {}): string {
  const read = readInput(path, { limit: LIMIT, ...rules });
  return 'refusal' in read ? `${read.refusal.kind}: ${read.refusal.what}` : read.data.toString();
}

describe('SECURITY: an input file', () => {
  it('is read up to its limit, and refused before it is read where it has more', () => {
    const root = directoryWith({ most: 'x'.repeat(LIMIT), more: 'x'.repeat(LIMIT + 1), huge: '', none: '' });
    truncateSync(join(root, 'huge'), 2 ** 40);
    expect(refusal(join(root, 'most'))).toBe('x'.repeat(LIMIT));
    expect(refusal(join(root, 'none'))).toBe('');
    expect(refusal(join(root, 'more'))).toBe('too-large: has more than 16 bytes, the most that are read');
    expect(refusal(join(root, 'huge'))).toBe('too-large: has more than 16 bytes, the most that are read');
  });

  it('that says it is empty and is not, as files of the kernel do, is counted while it is read', () => {
    expect(refusal('/proc/self/maps')).toMatch(/^too-large/);
    expect(refusal('/proc/self/comm', { limit: 64 })).toMatch(/\n$/);
  });

  it('is refused where it is a folder, a device or a pipe, and nothing waits for a writer', () => {
    const root = directoryWith({ 'folder/x': '' });
    execFileSync('mkfifo', [join(root, 'pipe')]);
    expect(refusal(join(root, 'folder'))).toBe('wrong-kind: is a directory');
    expect(refusal('/dev/zero')).toBe('wrong-kind: is not a regular file');
    expect(refusal('/dev/zero', { pipe: true })).toBe('wrong-kind: is neither a regular file nor a pipe');
    expect(refusal(join(root, 'pipe'))).toBe('wrong-kind: is not a regular file');
    expect(refusal(join(root, 'absent'))).toBe('absent: does not exist');
    expect(refusal(`${root}/\0`)).toMatch(/^unreadable/);
  });

  it('may be a pipe where a shell hands one over, and its limit holds there too', () => {
    const script = `
      const { readInput } = await import(process.argv[1]);
      const read = readInput('/dev/stdin', { limit: ${LIMIT}, pipe: true });
      process.stdout.write('data' in read ? read.data : read.refusal.kind);`;
    const tsx = join(import.meta.dirname, '../../node_modules/tsx/dist/esm/index.mjs');
    const args = ['--import', tsx, '--input-type=module', '-e', script, join(import.meta.dirname, 'read-input.ts')];
    const through = (text: string) =>
      execFileSync('sh', ['-c', 'cat | "$0" "$@"', process.execPath, ...args], { input: text, encoding: 'utf8' });
    expect(through('handed over')).toBe('handed over');
    expect(through('x'.repeat(100_000))).toBe('too-large');
  });

  it('is a text in UTF-8, or none', () => {
    const root = directoryWith({ good: 'é', bad: Buffer.from([0x61, 0xff]) });
    expect(readInputText(join(root, 'good'), { limit: LIMIT })).toEqual({ text: 'é' });
    expect(readInputText(join(root, 'bad'), { limit: LIMIT })).toMatchObject({ refusal: { kind: 'not-text' } });
  });
});

describe('SECURITY: a state file', () => {
  it('is read where it is this user’s own and nobody else may write it', () => {
    const root = directoryWith({ own: 'own' });
    chmodSync(join(root, 'own'), 0o600);
    expect(refusal(join(root, 'own'), { own: true })).toBe('own');
    chmodSync(join(root, 'own'), 0o620);
    expect(refusal(join(root, 'own'), { own: true })).toBe('not-own: may be written by others (mode 0620)');
  });

  it('is refused where its name is a link, to whatever', () => {
    const root = directoryWith({ own: 'own' });
    symlinkSync('own', join(root, 'link'));
    symlinkSync('nowhere', join(root, 'dangling'));
    expect(refusal(join(root, 'link'), { own: true })).toBe('not-own: is a symbolic link');
    expect(refusal(join(root, 'dangling'), { own: true })).toBe('not-own: is a symbolic link');
    expect(refusal(join(root, 'link'))).toBe('own');
  });

  it.runIf(isRoot)('is refused where it belongs to somebody else', () => {
    const root = directoryWith({ other: 'x' });
    chownSync(join(root, 'other'), 65_534, 65_534);
    expect(refusal(join(root, 'other'), { own: true })).toBe('not-own: belongs to uid 65534 and not to uid 0');
  });
});
