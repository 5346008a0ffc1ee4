/**
 * `node compile-ahead.cjs PROGRAM FLAGS RUNS`: with these flags of V8, runs the program once for each list of arguments in
 * the JSON array RUNS, one after the other, and writes beside it what V8 compiled on the way, for src/cli/launcher.ts. Plain
 * JavaScript, so that no loader changes how V8 is set up.
 */
'use strict';
const { readFileSync, writeFileSync } = require('node:fs');
const { createRequire } = require('node:module');
const { dirname } = require('node:path');
const { setFlagsFromString } = require('node:v8');
const { Script } = require('node:vm');

const [file, flags, text] = process.argv.slice(2);
if (file === undefined || flags === undefined || text === undefined) {
  throw new Error('usage: node compile-ahead.cjs PROGRAM FLAGS RUNS');
}
const runs = JSON.parse(text);
// V8 takes compiled code only with the flags that it was made with.
if (flags !== '') setFlagsFromString(flags);
const script = new Script(readFileSync(file, 'latin1'), { filename: file });
// At the very end: only functions that have run by then are compiled.
process.on('exit', () => {
  writeFileSync(`${file}.${process.versions.v8}-${process.arch}`, script.createCachedData());
});
const importModule = (specifier) => import(specifier);
const next = () => {
  const args = runs.shift();
  if (args === undefined) return;
  process.argv = [process.argv[0], file, ...args];
  const own = { exports: {} };
  script.runInThisContext()(own.exports, createRequire(file), own, file, dirname(file), importModule);
};
// Node has nothing left to do: the run before is over.
process.on('beforeExit', next);
next();
