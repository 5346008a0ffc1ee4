/**
 * `node compile-ahead.cjs PROGRAM ARGUMENT...`: runs the program with the arguments and writes beside it what V8
 * compiled on the way, for src/cli/launcher.ts. Plain JavaScript, so that no loader changes how V8 is set up.
 */
'use strict';
const { readFileSync, writeFileSync } = require('node:fs');
const { createRequire } = require('node:module');
const { dirname } = require('node:path');
const { Script } = require('node:vm');

const [file, ...args] = process.argv.slice(2);
if (file === undefined) throw new Error('usage: node compile-ahead.cjs PROGRAM ARGUMENT...');
process.argv = [process.argv[0], file, ...args];
const script = new Script(readFileSync(file, 'latin1'), { filename: file });
// At the very end: only functions that have run by then are compiled.
process.on('exit', () => {
  writeFileSync(`${file}.${process.versions.v8}-${process.arch}`, script.createCachedData());
});
const own = { exports: {} };
const importModule = (specifier) => import(specifier);
script.runInThisContext()(own.exports, createRequire(file), own, file, dirname(file), importModule);
