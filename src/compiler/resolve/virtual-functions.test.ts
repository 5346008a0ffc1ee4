import { expect, test } from 'vitest';
import { indexHost, type ManifestDocument } from '../../model/index.ts';
import { host, manifestFrom } from '../../testing/index.ts';
import { testPlugins } from '../../testing/plugins.ts';
import { lineOf } from '../../testing/rule.ts';
import { resolveManifest } from './resolve.ts';

const index = indexHost(host().intelIommu().pf('03:00.0').build());

function resolve(document: Omit<ManifestDocument, 'version'>) {
  const { value, diagnostics } = resolveManifest(manifestFrom({ version: 1, ...document }), index, testPlugins);
  return { found: value?.virtualFunctions ?? [], lines: diagnostics.map(lineOf) };
}

test.each([{ pci: '03:00.0' }, { netdev: 'lan3s0' }, { sysfs: '/sys/class/net/lan3s0/device' }])(
  'R-NAME-1: %o names a physical function',
  (selector) => {
    const { found, lines } = resolve({ virtualFunctions: { nic: { ...selector, count: 2 } } });
    expect(lines).toEqual([]);
    expect(found).toMatchObject([{ name: 'nic', count: 2, device: { address: '0000:03:00.0' } }]);
  },
);

test('refuses a physical function that the host does not have', () => {
  expect(resolve({ virtualFunctions: { nic: { pci: '04:00.0', count: 2 } } })).toEqual({
    found: [],
    lines: ['error device-not-found at virtualFunctions/nic/pci'],
  });
});

test('refuses to assign a VF that the same project makes, by its number and by its address, and no other', () => {
  const of = (device: NonNullable<ManifestDocument['devices']>[string]) =>
    resolve({ virtualFunctions: { nic: { pci: '03:00.0', count: 2 } }, vms: { a: { devices: { x: device } } } }).lines;
  expect(of({ vf: { pf: 'lan3s0', index: 1 } })).toContain('error vf-of-same-project at vms/a/devices/x/vf');
  expect(of({ pci: '03:10.2' })).toContain('error vf-of-same-project at vms/a/devices/x/pci');
  for (const other of [{ vf: { pf: 'lan3s0', index: 2 } }, { pci: '03:10.4' }]) {
    expect(of(other).join()).not.toContain('vf-of-same-project');
  }
});
