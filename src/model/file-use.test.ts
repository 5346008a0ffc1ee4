import { expect, it } from 'vitest';
import { deviceUse } from '../testing/device-use.ts';
import { describeUsers } from './file-use.ts';

it('R-BIND-4: says each process once, with every file of it once', () => {
  const uses = [
    deviceUse({ pid: 7 }),
    deviceUse({ pid: 8 }),
    deviceUse({ pid: 7, how: 'mapped' }),
    deviceUse({ pid: 7 }),
  ];
  expect(describeUsers(uses)).toEqual([
    'guestd (pid 7, user operator): /dev/vfio/31 open, /dev/vfio/31 mapped; started as "guestd --ram 4G"',
    'guestd (pid 8, user operator): /dev/vfio/31 open; started as "guestd --ram 4G"',
  ]);
});

it('R-BIND-4: lets nothing of a process reach the terminal but text, and cuts what is long', () => {
  const [line = ''] = describeUsers([deviceUse({ command: 'a\u001b[2J', commandLine: `\u0007${'x'.repeat(4000)}` })]);
  expect(line).toMatch(/^a\?\[2J .*"\?x{159}…"$/);
});

it('R-BIND-4: leaves out what could not be read of a process', () => {
  expect(describeUsers([deviceUse({ user: null, commandLine: null })])).toEqual([
    'guestd (pid 4242): /dev/vfio/31 open',
  ]);
});
