import { expect, test } from 'vitest';
import { readManifest } from '../read-manifest.ts';

function read(text: string) {
  const { diagnostics } = readManifest([{ file: 'm.yaml', text }], {}, { directoryName: 'lab' });
  const sorted = [...diagnostics].sort((a, b) => (a.at?.start.offset ?? 0) - (b.at?.start.offset ?? 0));
  return {
    faults: sorted.map(({ code, at }) => `${code}@${at?.start.line}:${at?.start.column}`),
    related: sorted.map(({ related }) => related.map(({ at }) => `${at?.start.line}:${at?.start.column}`)),
    details: sorted.map(({ detail }) => detail),
  };
}

const device = (body: string) => read(`version: 1\ndevices:\n  nic0: ${body}\n`);
const top = (body: string) => read(`version: 1\ndevices: {nic0: "01:00.0"}\n${body}\n`);

test('accepts a device with one selector of each kind', () => {
  const selectors = [
    'pci: "01:00.0"',
    'sysfs: /sys/x',
    'id: "8086:10d3"',
    'class: network',
    'netdev: e',
    'block: sda',
    'vf: {pf: e, index: 0}',
    'serial: s',
    'topology: "0000:00/1c.4"',
  ];
  for (const selector of selectors) expect(device(`{${selector}}`).faults, selector).toEqual([]);
});

test('refuses a device without a selector, and lists them', () => {
  const { faults, details } = device('{reset: none}');
  expect(faults).toEqual(['one-selector@3:3']);
  expect(details[0]).toContain('pci, sysfs, id, class, netdev, block, vf, serial, topology');
});

test('refuses a device with two selectors, and shows every one', () => {
  const { faults, related } = device('{pci: "01:00.0", reset: none, netdev: e, block: sda}');
  expect(faults).toEqual(['one-selector@3:39']);
  expect(related).toEqual([['3:10', '3:50']]);
});

test('accepts index, slot and all with id and class only', () => {
  for (const modifier of ['index: 1', 'slot: 3', 'all: true']) {
    expect(device(`{class: network, ${modifier}}`).faults).toEqual([]);
    expect(device(`{id: "8086:10d3", ${modifier}}`).faults).toEqual([]);
    expect(device(`{netdev: enp1s0, ${modifier}}`).faults).toEqual(['selector-modifier@3:26']);
  }
});

test('refuses index together with all, but not with all: false', () => {
  expect(device('{class: network, index: 1, all: true}').faults).toEqual(['selector-modifier@3:36']);
  expect(device('{class: network, index: 1, all: false}').faults).toEqual([]);
});

test('says nothing about the selectors of a device that has a wrong form', () => {
  expect(device('{pcii: "01:00.0"}').faults).toEqual(['unknown-key@3:10']);
});

test('R-NAME-1: refuses what platform devices will need, each by name, never silently', () => {
  for (const key of [
    'platform: soc',
    'children: {include: [a]}',
    'regions: []',
    'ranges: expose',
    'interruptMap: translate',
  ]) {
    expect(device(`{pci: "01:00.0", ${key}}`).faults, key).toContain('not-yet-supported@3:26');
  }
});

test('takes a platform device for a device that is named', () => {
  expect(device('{platform: fff51000.ethernet}').faults).toEqual(['not-yet-supported@3:10']);
});

test('does not speak of the form of what does not work yet', () => {
  expect(device('{pci: "01:00.0", children: [1, 2], ranges: 7}').faults).toEqual([
    'not-yet-supported@3:26',
    'not-yet-supported@3:44',
  ]);
});

test('R-RESET-2: refuses reset plugins, and accepts the policy beside them', () => {
  expect(device('{pci: "01:00.0", reset: {policy: none, plugin: p, options: {a: 1}}}').faults).toEqual([
    'not-yet-supported@3:48',
    'not-yet-supported@3:59',
  ]);
  expect(device('{pci: "01:00.0", reset: {policy: none}}').faults).toEqual([]);
});

test('R-GROUP-3: refuses noiommu, short and long, in every VM', () => {
  expect(top('iommu: noiommu').faults).toEqual(['not-yet-supported@3:8']);
  expect(read('version: 1\nvms: {a: {iommu: {type: noiommu}, devices: {n: "01:00.0"}}}\n').faults).toEqual([
    'not-yet-supported@2:25',
  ]);
  expect(top('iommu: type1').faults).toEqual([]);
});

test('refuses a VM at the top level beside vms, for every key of one', () => {
  const vms = 'version: 1\nvms: {a: {devices: {n: "01:00.0"}}}\n';
  expect(read(`${vms}memory: []\niommu: type1\n`)).toMatchObject({
    faults: ['vms-and-devices@3:1', 'vms-and-devices@4:1'],
    related: [['2:1'], ['2:1']],
  });
  expect(read(`${vms}name: lab\n`).faults).toEqual([]);
});

test('refuses a manifest that assigns nothing', () => {
  expect(read('version: 1\nmemory: []\n').faults).toEqual(['missing-key@1:1']);
});

test('refuses an owner of nodes that nobody else opens', () => {
  expect(top('handoff: {mode: hold, user: me, permissions: "0600"}').faults).toEqual([
    'owner-needs-bind@3:23',
    'owner-needs-bind@3:33',
  ]);
  expect(top('handoff: {mode: bind, user: me, permissions: "0600"}').faults).toEqual([]);
});

test('refuses interrupts of a device that somebody else opens', () => {
  const text = (mode: string) => `version: 1\ndevices: {n: {pci: "01:00.0", irqs: [{index: msi}]}}\nhandoff: ${mode}\n`;
  expect(read(text('bind'))).toMatchObject({ faults: ['irqs-need-hold@2:31'], related: [['3:1']] });
  expect(read(text('{mode: bind}')).faults).toEqual(['irqs-need-hold@2:31']);
  expect(read(text('hold')).faults).toEqual([]);
});

test('refuses a huge page size without huge pages', () => {
  expect(top('memory: [{iova: 0, size: 2MiB, pageSize: 2MiB}]').faults).toEqual(['page-size-needs-huge-pages@3:32']);
  expect(top('memory: [{iova: 0, size: 2MiB, pageSize: 2MiB, backing: anonymous}]').faults).toEqual([
    'page-size-needs-huge-pages@3:32',
  ]);
  expect(top('memory: [{iova: 0, size: 2MiB, pageSize: 2MiB, backing: memfd}]').faults).toEqual([]);
});
