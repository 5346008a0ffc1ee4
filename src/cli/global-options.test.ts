import { expect, it } from 'vitest';
import { globalOptions } from './global-options.ts';
import { UsageError } from './verb.ts';

it.each(['../edge', '..', '', '/etc', 'a b', 'A', 'a\0'])(
  'SECURITY: -p %j is a mistake of the command line',
  (name) => {
    expect(() => globalOptions({ projectName: name }, {})).toThrow(UsageError);
  },
);

it('takes the name of a project', () => {
  expect(globalOptions({ projectName: 'edge-1' }, {}).projectName).toBe('edge-1');
});
