import { expect, test } from 'vitest';
import { indexHost, type ResolvedVm } from '../model/index.ts';
import { host, spanAt } from '../testing/index.ts';
import { resolvedPlatform, resolvedVm } from '../testing/resolved-platform.ts';
import { guestTree } from './guest-tree.ts';
import { UsageError } from './verb.ts';

const INVENTORY = host()
  .tree({
    '#address-cells': 1,
    '#size-cells': 1,
    'nic@1000': { compatible: 'x,nic', reg: [0x1000, 0x1000] },
    'gpu@80000000': { compatible: 'x,gpu', reg: [0x8000_0000, 0x400_0000] },
  })
  .platform('1000.nic', { treePath: '/nic@1000' })
  .platform('80000000.gpu', { treePath: '/gpu@80000000' })
  .build();
const INDEX = indexHost(INVENTORY);
const NIC = resolvedVm('net', [resolvedPlatform(INDEX, '1000.nic')]);
const GPU = resolvedVm('graphics', [resolvedPlatform(INDEX, '80000000.gpu')]);
const NONE = resolvedVm('none', []);

const run = (vms: ResolvedVm[], vm?: string, controller = 'intc') =>
  guestTree({ name: 'p', vms, virtualFunctions: [] }, INVENTORY, { vm, controller });

test('R-GUEST-4: writes the tree of the one guest that has platform devices', () => {
  expect(run([NONE, NIC])).toMatchObject({ source: expect.stringContaining('_1000_nic: nic@c000000 {') as unknown });
});

test('asks which guest is meant, and takes the one that is named', () => {
  expect(() => run([NIC, GPU])).toThrow(/net, graphics/);
  expect(run([NIC, GPU], 'net')).toHaveProperty('source');
});

test('refuses a VM that is not there or has no platform device, and a label that is none', () => {
  expect(() => run([NIC], 'other')).toThrow(UsageError);
  expect(() => run([NIC, NONE], 'none')).toThrow(UsageError);
  expect(() => run([NONE])).toThrow(UsageError);
  expect(() => run([NIC], undefined, 'a b')).toThrow(UsageError);
});

test('reports a device that does not fit, at its entry', () => {
  const result = run([GPU]);
  expect(result).toMatchObject({
    diagnostics: [{ code: 'guest-window-full', at: spanAt(['vms', 'vm', 'devices', '80000000.gpu']) }],
  });
});
