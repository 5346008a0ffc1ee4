import { Script } from 'node:vm';
import { expect, test } from 'vitest';
import { wrapProgram } from '../scripts/wrap-program.ts';

type Program = (
  ...parts: [object, unknown, { exports: unknown }, string, string, (specifier: string) => unknown]
) => void;

/** Runs a wrapped bundle as the launcher does, and returns what it exported and what it asked to import. */
function run(bundle: string): { exports: unknown; imported: string[] } {
  const imported: string[] = [];
  const own = { exports: {} as unknown };
  (new Script(wrapProgram(bundle)).runInThisContext() as Program)({}, undefined, own, '/x.cjs', '/', (specifier) => {
    imported.push(specifier);
    return specifier.toUpperCase();
  });
  return { exports: own.exports, imported };
}

test('the launcher is asked for what the program imports, wherever it does', () => {
  const { exports, imported } = run(`const f=()=>import("a");module.exports=[f(),import(\n"b")];`);
  expect(imported).toEqual(['a', 'b']);
  expect(exports).toEqual(['A', 'B']);
});

test('what only looks like an import is left alone', () => {
  const { exports, imported } = run(
    `/* import("x") */const o={import:(a)=>a};module.exports=['import("y")',o.import("z")];// import("w")`,
  );
  expect(imported).toEqual([]);
  expect(exports).toEqual(['import("y")', 'z']);
});

test('refuses a bundle that the launcher would misread', () => {
  expect(() => wrapProgram('const a = "\u00e4";')).toThrow('not ASCII at 11');
});
