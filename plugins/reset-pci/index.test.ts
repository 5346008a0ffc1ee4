import { expect, test } from 'vitest';
import { RegisterBank, runProgram } from 'vfio-compose/plugin';
import { type Owners, pciTarget } from '../../src/testing/pci-target.ts';
import { host } from '../../src/testing/index.ts';
import plugin from './index.ts';

/** A port with a graphics card and its sound function behind it, and one with a NIC that is alone there. */
const machine = (gpu: string[], audio: string[] = [], nic: string[] = ['flr', 'pm']) =>
  host()
    .intelIommu()
    .bridge('00:01.0', { bus: '05' })
    .gpu('05:00.0', { resetMethods: gpu })
    .audio('05:00.1', { resetMethods: audio })
    .bridge('00:02.0', { bus: '06' })
    .nic('06:00.0', { resetMethods: nic });
type Machine = ReturnType<typeof machine>;

const nic = (methods: string[]) => pciTarget(machine([], [], methods), '06:00.0', { '06:00.0': 'a' });
const CARD: Owners = { '05:00.0': 'a', '05:00.1': 'a' };
const reset = (on: Machine, address: string, owners: Owners) =>
  plugin.reset?.(pciTarget(on, address, owners), {}, 'after-use');

test('R-ORDER-2: before use there is nothing to do, since the kernel turns bus mastering off when it opens a function', () => {
  expect(plugin.quiesce(nic(['flr']), {}, 'before-use')).toEqual([]);
});

test('R-RESET-4: after use, DMA and the line go off in one write, read back', () => {
  const command = new RegisterBank({ 7: { 4: 0x0010_0507 } });
  const { failures, accesses } = runProgram(plugin.quiesce(nic(['flr']), {}, 'after-use'), command);
  expect(accesses).toEqual(['write PCI_COMMAND 0x400', 'read PCI_COMMAND 0x400']);
  expect(failures).toEqual([]);
});

test('R-RESET-1: after a crash there is nothing to do, since the kernel has done it when the last descriptor went', () => {
  expect(plugin.quiesce(nic(['flr']), {}, 'after-crash')).toEqual([]);
  expect(plugin.reset?.(nic(['flr']), {}, 'after-crash')).toEqual([]);
  expect(plugin.reset?.(pciTarget(machine(['bus']), '05:00.0', CARD), {}, 'after-crash')).toEqual([]);
});

test.each([
  ['goes on with DMA', 0x0404n],
  ['goes on decoding memory', 0x0402n],
  ['is gone, and reads as ones', 0xffffn],
])('R-RESET-4: a function that %s is a failure', (_what, value) => {
  const stubborn = { read: () => value, write: () => undefined, reset: () => undefined };
  expect(runProgram(plugin.quiesce(nic(['flr']), {}, 'after-use'), stubborn).failures).toEqual([
    'PCI_COMMAND: IO, MEMORY, MASTER clear',
  ]);
});

test('a function without INTx, which keeps that bit clear, passes', () => {
  const without = { read: () => 0n, write: () => undefined, reset: () => undefined };
  expect(runProgram(plugin.quiesce(nic(['flr']), {}, 'after-use'), without).failures).toEqual([]);
});

test("R-RESET-5: what resets a function alone is the kernel's to choose, and the plan names it in the kernel's order", () => {
  expect(plugin.reset?.(nic(['flr', 'pm']), {}, 'before-use')).toEqual([
    {
      kind: 'kernel-reset',
      why: 'the kernel tries flr (the function-level reset of PCI Express), then pm (to D3hot and back)',
    },
  ]);
});

test.each(['device_specific', 'acpi', 'flr', 'af_flr', 'pm', 'bus', 'cxl_bus'])(
  'R-RESET-5: %s is explained',
  (method) => {
    const [action] = plugin.reset?.(nic([method]), {}, 'after-use') ?? [];
    expect(action).toMatchObject({ kind: 'kernel-reset' });
    expect(action?.why).toMatch(new RegExp(`tries ${method} \\(.+\\)$`));
  },
);

test('a method of a kernel to come is named as it is', () => {
  expect(plugin.reset?.(nic(['warp']), {}, 'after-use')).toEqual([
    { kind: 'kernel-reset', why: 'the kernel tries warp' },
  ]);
});

test('of a kernel that does not say how, the reset is asked for all the same', () => {
  const [action] = plugin.reset?.(nic(['unknown']), {}, 'after-use') ?? [];
  expect(action).toMatchObject({ kind: 'kernel-reset', why: expect.stringContaining('5.15') });
});

test('R-RESET-5: a function that is alone on its bus is reset by itself, with the bus', () => {
  expect(plugin.reset?.(nic(['bus']), {}, 'after-use')).toMatchObject([{ kind: 'kernel-reset' }]);
});

test('R-RESET-5: where one VM has the whole bus, it is reset as a whole, and every function says so in the same words', () => {
  const gpu = reset(machine(['bus']), '05:00.0', CARD);
  expect(gpu).toEqual([
    { kind: 'hot-reset', why: 'a reset of the whole bus or slot, all of a: 0000:05:00.0, 0000:05:00.1' },
  ]);
  expect(reset(machine(['bus']), '05:00.1', CARD)).toEqual(gpu);
});

test('R-RESET-5: a function with a method of its own does not draw its neighbours in', () => {
  expect(reset(machine(['flr', 'bus']), '05:00.0', CARD)).toMatchObject([{ kind: 'kernel-reset' }]);
  expect(reset(machine(['flr', 'bus']), '05:00.1', CARD)).toMatchObject([{ kind: 'hot-reset' }]);
});

test.each<[string, Owners]>([
  ['with the host', { '05:00.0': 'a' }],
  ['with another VM', { '05:00.0': 'a', '05:00.1': 'b' }],
  ['only detached', { '05:00.0': 'a', '05:00.1': { detachedBy: 'a' } }],
])('R-RESET-5: where a neighbour is %s, no reset is asked for that the kernel refuses', (_what, owners) => {
  expect(reset(machine(['bus']), '05:00.0', owners)).toEqual([]);
});

test('R-RESET-5: a bus whose every function lists nothing is not reset', () => {
  expect(reset(machine([]), '05:00.0', CARD)).toEqual([]);
});

test('it is for every PCI function, and closer plugins come first', () => {
  expect(plugin.matches).toEqual([{ pci: {} }]);
  expect(plugin.options).toBeUndefined();
});
