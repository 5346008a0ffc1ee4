import { writeFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { journalLine } from '../executor/journal.ts';
import { directoryWith } from '../../testing/directory.ts';
import { writeRecord } from './record.ts';
import { othersThan, runningProjects } from './running.ts';
import { StateDirectory } from './state-directory.ts';

const BACK = 'back:set-module-parameter:vfio.unsafe';
const UNSAFE = { module: 'vfio', parameter: 'unsafe', before: 'N', step: BACK };

/** What other projects have to leave to one that is stuck, by its journal. */
function neededBy(journal: string) {
  const state = new StateDirectory(directoryWith({}));
  const directory = state.project('stuck');
  directory.create();
  writeRecord(directory, {
    format_version: 1,
    name: 'stuck',
    toolVersion: '0',
    phase: 'stuck',
    owner: null,
    hostFile: null,
    source: '',
    since: '',
    plugins: [],
    assignments: [],
    parameters: [UNSAFE],
    left: [],
    failure: null,
  });
  writeFileSync(directory.journal(), journal);
  const [other] = othersThan({ name: 'mine', hostFile: null }, state).records;
  expect(runningProjects(state, null)[0]?.parameters).toEqual(other?.parameters);
  return other?.parameters;
}

it('R-BACK-1: a stuck project needs its parameters as long as it has not put them back, and not longer', () => {
  expect(neededBy(journalLine('done', 'set-module-parameter:vfio.unsafe'))).toEqual([UNSAFE]);
  expect(neededBy(journalLine('undoing', BACK))).toEqual([UNSAFE]);
  expect(neededBy(journalLine('undone', BACK))).toEqual([]);
});
