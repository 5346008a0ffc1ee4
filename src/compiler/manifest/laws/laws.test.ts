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
    'platform: fff51000.ethernet',
  ];
  for (const selector of selectors) expect(device(`{${selector}}`).faults, selector).toEqual([]);
});

test('refuses a device without a selector, and lists them', () => {
  const { faults, details } = device('{reset: none}');
  expect(faults).toEqual(['one-selector@3:3']);
  expect(details[0]).toContain('pci, sysfs, id, class, netdev, block, vf, serial, topology, platform');
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

test('takes the keys of platform devices', () => {
  for (const rest of [
    'children: {include: [a]}',
    'children: {exclude: [a]}',
    'regions: [{index: 0, mmap: required}, {name: a, cacheable: preferred}]',
    'ranges: expose',
    'interruptMap: translate',
    'guest: {base: 0xc000000, interrupt: 112}',
    'irqs: [{index: 0, unmask: eventfd}, {index: mac}]',
  ]) {
    expect(device(`{platform: fff51000.ethernet, ${rest}}`).faults, rest).toEqual([]);
  }
});

test('refuses a region that is named in no way, and one that is named in two', () => {
  expect(device('{platform: a, regions: [{mmap: required}]}')).toMatchObject({ faults: ['region-selector@3:33'] });
  expect(device('{platform: a, regions: [{index: 0, name: r, mmap: required}]}')).toMatchObject({
    faults: ['region-selector@3:44'],
    related: [['3:34']],
  });
});

test('R-RESET-2: takes a reset plugin by name, its options, and the policy beside them', () => {
  expect(device('{pci: "01:00.0", reset: {policy: none, plugin: p, options: {a: 1}}}').faults).toEqual([]);
  expect(device('{pci: "01:00.0", reset: {policy: none}}').faults).toEqual([]);
});

test('R-GROUP-3: takes noiommu by its name, short and long, in every VM', () => {
  expect(top('iommu: noiommu').faults).toEqual([]);
  expect(read('version: 1\nvms: {a: {iommu: {type: noiommu}, devices: {n: "01:00.0"}}}\n').faults).toEqual([]);
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

test('accepts a process that the plan can start as it is written', () => {
  expect(
    top('run: {command: [/bin/x, "a b"], workingDirectory: /tmp, environment: {A: "1"}}\nonExit: hold').faults,
  ).toEqual([]);
});

test('refuses onExit without a process', () => {
  expect(top('onExit: hold').faults).toEqual(['on-exit-needs-run@3:1']);
});

test('refuses a program and a directory that are not absolute, a NUL, and variables that are set by us', () => {
  expect(top('run: {command: [x]}').faults).toEqual(['bad-process@3:17']);
  expect(top('run: {command: [/]}').faults).toEqual(['bad-process@3:17']);
  expect(top('run: {command: [/x, "a\\0"]}').faults).toEqual(['bad-process@3:21']);
  expect(top('run: {command: [/x], workingDirectory: tmp}').faults).toEqual(['bad-process@3:40']);
  expect(top('run: {command: [/x], environment: {LISTEN_FDS: "3"}}').faults).toEqual(['bad-process@3:36']);
  expect(top('run: {command: [/x], environment: {A: "\\0"}}').faults).toEqual(['bad-process@3:39']);
});

test('says nothing more about a process that has a wrong form', () => {
  expect(top('run: {command: x}').faults).toEqual(['wrong-type@3:16']);
});

test('names a physical function in one way, and takes a manifest that only makes VFs', () => {
  const pf = (body: string) => read(`version: 1\nvirtualFunctions:\n  nic: ${body}\n`).faults;
  expect(pf('{pci: "01:00.0", count: 2}')).toEqual([]);
  expect(pf('{count: 2}')).toEqual(['one-selector@3:3']);
  expect(pf('{pci: "01:00.0", netdev: lan, count: 2}')).toEqual(['one-selector@3:25']);
});

test('refuses to reserve huge pages for memory that has none', () => {
  const memory = (body: string) => top(`memory: [{iova: 0, size: 2MiB, reserve: true${body}}]`).faults;
  for (const has of [', backing: hugetlb', ', backing: memfd, pageSize: 2MiB']) expect(memory(has)).toEqual([]);
  for (const none of ['', ', backing: memfd']) expect(memory(none)).toEqual(['page-size-needs-huge-pages@3:32']);
});
