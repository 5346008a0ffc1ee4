import { readFileSync, readdirSync } from 'node:fs';
import { expect, test } from 'vitest';
import { rules } from './index.ts';

const here = new URL('.', import.meta.url);
const files = readdirSync(here).filter((name) => name.endsWith('.ts'));
const NOT_RULES = new Set(['index', 'rule', 'check-rules']);
const ruleFiles = files
  .filter((name) => !name.endsWith('.test.ts'))
  .map((name) => name.replace(/\.ts$/, ''))
  .filter((name) => !NOT_RULES.has(name));

test('sees the rules at all', () => {
  expect(ruleFiles.length).toBeGreaterThan(25);
});

test('every file here is a rule of the table, under its own name, and every rule has its file', () => {
  expect(rules.map(({ id }) => id).sort()).toEqual([...ruleFiles].sort());
});

test.each(ruleFiles)('%s has a test that fires and one that stays silent', (name) => {
  const text = readFileSync(new URL(`${name}.test.ts`, here), 'utf8');
  const titles = [...text.matchAll(/^test(?:\.each[^;]*?\))?\(\s*['"`](.*?)['"`],/gms)].map(([, title = '']) => title);
  expect(titles.some((title) => /\b(fires|warns|notes)\b/.test(title))).toBe(true);
  expect(titles.some((title) => /\bstays silent\b/.test(title))).toBe(true);
});

test('every diagnostic has one owner, an unmistakable code, an explanation and a summary without names', () => {
  const all = rules.flatMap(({ reports }) => reports);
  expect(new Set(all.map(({ code }) => code)).size).toBe(all.length);
  for (const { code, summary, explanation } of all) {
    expect(code).toMatch(/^[a-z0-9]+(-[a-z0-9]+)*$/);
    expect(summary).not.toMatch(/\$\{|\.$/);
    expect(explanation.length).toBeGreaterThan(80);
  }
});

test('every diagnostic of a rule is expected by its test', () => {
  for (const rule of rules) {
    const text = readFileSync(new URL(`${rule.id}.test.ts`, here), 'utf8');
    for (const { code } of rule.reports) expect(text).toContain(code);
  }
});

test('rules do not import rules', () => {
  for (const name of ruleFiles) {
    const imports = [...readFileSync(new URL(`${name}.ts`, here), 'utf8').matchAll(/from '\.\/([^']+)\.ts'/g)];
    expect(imports.map(([, from = '']) => from).filter((from) => ruleFiles.includes(from))).toEqual([]);
  }
});
