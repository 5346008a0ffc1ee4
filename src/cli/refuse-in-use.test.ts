import { expect, it } from 'vitest';
import { deviceUse } from '../testing/device-use.ts';
import { recordingTerminal } from '../testing/index.ts';
import type { Machine } from '../runtime/project/machine.ts';
import { refuseInUse } from './refuse-in-use.ts';
import type { Invocation } from './verb.ts';

const DEVICES = ['0000:01:00.0', '0000:01:00.1', '0000:02:00.0'].map((address) => ({ bus: 'pci' as const, address }));

/** Asks of a machine on which these devices are in use. */
function ask(...used: readonly string[]) {
  let looks = 0;
  const terminal = recordingTerminal();
  const machine = {
    lookAtUses: () => {
      looks += 1;
      return ({ address }) => (used.includes(address) ? [deviceUse({ command: 'guestd' })] : []);
    },
  } as Pick<Machine, 'lookAtUses'>;
  const status = refuseInUse({ terminal } as unknown as Invocation, 'up', machine, DEVICES);
  return { looks, status, said: terminal.output.err };
}

it('R-BIND-4: each device in use is named with its process, and nothing is changed', () => {
  const { status, said } = ask('0000:01:00.1', '0000:02:00.0');
  expect(status).toBe(5);
  expect(said).toMatch(/0000:01:00\.1 is in use by guestd .*\n.*0000:02:00\.0 is in use by guestd/);
  expect(said).toContain('Nothing was changed.');
});

it('says nothing where no device is in use', () => {
  expect(ask()).toMatchObject({ status: undefined, said: '' });
});

it('looks at the processes of the host once, whatever the number of devices', () => {
  expect(ask('0000:02:00.0').looks).toBe(1);
});
