import { expect, test } from 'vitest';
import { indexHost } from '../../model/index.ts';
import { host, spanAt } from '../../testing/index.ts';
import { resolvedPlatform, resolvedVm } from '../../testing/resolved-platform.ts';
import { guestWindowOverlapRule as rule } from './guest-window-overlap.ts';

const HOST = indexHost(
  host()
    .tree({
      '#address-cells': 1,
      '#size-cells': 1,
      'gic@0': { phandle: 1, 'interrupt-controller': true, '#interrupt-cells': 1 },
      'interrupt-parent': 1,
      'a@1000': {
        compatible: 'x',
        reg: [0x1000, 0x1000, 0x3000, 0x20],
        interrupts: [1, 2],
        'in@1800': { compatible: 'x', reg: [0x1800, 0x100] },
      },
      'b@2000': { compatible: 'x', reg: [0x2000, 0x1000], interrupts: [3] },
    })
    .platform('1000.a', { treePath: '/a@1000' })
    .platform('2000.b', { treePath: '/b@2000' })
    .build(),
);

/** Entries of one VM: a device with what the manifest says about its place. */
function report(...entries: [address: string, guest: { base?: bigint; interrupt?: number }][]): string[] {
  const devices = entries.map(([address, { base = null, interrupt = null }]) =>
    resolvedPlatform(HOST, address, {
      guest: { base, interrupt, at: spanAt(['vms', 'vm', 'devices', address, 'guest']) },
    }),
  );
  const manifest = { name: 'p', vms: [resolvedVm('vm', devices)], virtualFunctions: [] };
  const findings = rule.check({ manifest, host: HOST, running: [] });
  return findings.map(({ severity, code, at }) => `${severity} ${code} at ${at?.file}`);
}

test('R-GUEST-4: fires where addresses of two devices overlap, the second region counted', () => {
  expect(report(['1000.a', { base: 0xc00_0000n }], ['2000.b', { base: 0xc00_1000n }])).toEqual([
    'error guest-window-overlap at vms/vm/devices/2000.b/guest',
  ]);
});

test('fires where interrupts overlap', () => {
  expect(report(['1000.a', { interrupt: 120 }], ['2000.b', { interrupt: 121 }])).toEqual([
    'error guest-window-overlap at vms/vm/devices/2000.b/guest',
  ]);
});

test('fires for a base inside a page', () => {
  expect(report(['2000.b', { base: 0xc00_0800n }])).toEqual([
    'error guest-base-misaligned at vms/vm/devices/2000.b/guest',
  ]);
});

test('fires for regions beyond 64 bits and interrupts beyond those of a GIC, by one', () => {
  expect(report(['1000.a', { base: 0xffff_ffff_ffff_f000n }])).toEqual([
    'error guest-window-outside at vms/vm/devices/1000.a/guest',
  ]);
  expect(report(['1000.a', { base: 0xffff_ffff_ffff_e000n }])).toEqual([]);
  expect(report(['1000.a', { interrupt: 987 }])).toEqual(['error guest-window-outside at vms/vm/devices/1000.a/guest']);
  expect(report(['1000.a', { interrupt: 986 }])).toEqual([]);
});

test('stays silent for neighbours, for one that the layout places, and without any', () => {
  expect(report(['1000.a', { base: 0xc00_0000n }], ['2000.b', { base: 0xc00_2000n }])).toEqual([]);
  expect(report(['1000.a', { interrupt: 120 }], ['2000.b', { interrupt: 122 }])).toEqual([]);
  expect(report(['1000.a', { base: 0xc00_0000n, interrupt: 112 }], ['2000.b', {}])).toEqual([]);
  expect(report()).toEqual([]);
});
