/** `npm run boundaries`: fails where an import goes the wrong way, or where the check did not see every module. */
import { join } from 'node:path';
import { surveyImports } from './boundaries.ts';

const ROOT = join(import.meta.dirname, '..');
const { violations, seen, present } = await surveyImports(ROOT, join(ROOT, '.dependency-cruiser.cjs'));
for (const { rule, from, to } of violations) console.error(`${rule}: ${from} -> ${to}`);
// A check that ran on nothing must fail: some releases of TypeScript make dependency-cruiser see no module at all.
if (present === 0 || seen < present) console.error(`saw ${seen} modules of the ${present} in src`);
const failed = violations.length > 0 || present === 0 || seen < present;
if (!failed) console.log(`${seen} modules, no import goes the wrong way`);
process.exitCode = failed ? 1 : 0;
