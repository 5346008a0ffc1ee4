import { expect, test } from 'vitest';
import { readManifest } from './read-manifest.ts';

/** Reads one file; findings as `code@line:column`, in order of position. */
function read(text: string) {
  const { value, diagnostics } = readManifest([{ file: 'm.yaml', text }], {}, { directoryName: 'lab' });
  const sorted = [...diagnostics].sort((a, b) => (a.at?.start.offset ?? 0) - (b.at?.start.offset ?? 0));
  return {
    document: value?.document,
    faults: sorted.map(({ code, at }) => `${code}@${at?.start.line}:${at?.start.column}`),
    details: sorted.map(({ detail }) => detail),
  };
}

const device = (body: string) => read(`version: 1\ndevices:\n  nic0: ${body}\n`);
const top = (body: string) => read(`version: 1\ndevices: {nic0: "01:00.0"}\n${body}\n`);

test('accepts a manifest that uses every part of the language that works', () => {
  const { faults } = read(`version: 1
name: lab
x-common: &quiet {reset: preferred}
vms:
  router:
    iommu: {type: type1, unsafeInterrupts: true}
    memory:
      - {iova: 0, size: 2GiB, backing: hugetlb, pageSize: 1GiB, access: read-write}
      - {iova: 0xFFFFFFFF00000000, size: 4096}
    msi: {banks: 0}
    handoff: hold
    devices:
      a: "0000:01:00.0"
      b: {<<: *quiet, netdev: enp1s0, expect: {id: "8086:10d3", class: 0200}, driver: vfio-pci}
      c: {id: 8086:10d3, index: 1, group: take, irqs: [{index: msix, count: 4}], guest: {placement: own-bus, address: 05.0}}
      d: {class: network, all: true, optional: true, inUse: take}
      e: {vf: {pf: enp3s0f0, index: 0}}
      f: {topology: 0000:00/1c.4/00.0}
      g: {sysfs: /sys/bus/pci/devices/0000:01:00.0}
      h: {block: nvme0n1}
      i: {serial: 00-11}
      j: {class: 02, slot: 3}
  dpdk:
    handoff: {mode: bind, user: 1000, group: vfio, permissions: 0660}
    devices: {x: {id: 10ec:8168}}
`);
  expect(faults).toEqual([]);
});

test('takes the text of an unquoted number where only a text can stand', () => {
  const { document } = device('{class: 0200, index: 1, expect: {serial: 0123, class: 0e00}, guest: {address: 05.0}}');
  expect(document?.vms?.['lab']?.devices['nic0']).toEqual({
    class: '0200',
    index: 1,
    expect: { serial: '0123', class: '0e00' },
    guest: { address: '05.0' },
  });
});

test('leaves a number a number where a text or a number can stand', () => {
  expect(device('{id: 8086:10d3, slot: 3}').document?.vms?.['lab']?.devices['nic0']).toMatchObject({ slot: 3 });
});

test('refuses an unknown key with the near name', () => {
  const { faults, details } = device('{pci: 01:00.0, rest: none}');
  expect(faults).toEqual(['unknown-key@3:24']);
  expect(details[0]).toContain('"reset"');
});

test('says what an unknown key is a key of', () => {
  expect(device('{pci: 01:00.0, memory: []}').details[0]).toContain('a key of the manifest and of a VM');
  expect(top('children: {}').details[0]).toContain('a key of a device');
});

test('R-TREE-1: does not blame "exclude" for another mistake of the document', () => {
  expect(device('{platform: a, children: {exclude: [b]}, rest: none}').faults).toEqual(['unknown-key@3:49']);
});

test('R-TREE-1: says that children are chosen in one way, and in which', () => {
  const both = device('{platform: a, children: {include: [b], exclude: [c]}}');
  expect(both.faults).toEqual(['wrong-value@3:48']);
  expect(both.details[0]).toContain('"exclude" and "include" cannot stand together');
  const neither = device('{platform: a, children: {}}');
  expect(neither.faults).toEqual(['missing-key@3:23']);
  expect(neither.details[0]).toContain('"include" or "exclude" is missing');
});

test('R-TREE-1: says that a list of children is empty', () => {
  expect(device('{platform: a, children: {exclude: []}}').faults).toEqual(['wrong-value@3:43']);
});

test('lists the keys where there are few and none is near', () => {
  expect(top('msi: {windows: 4}').details[0]).toContain('The keys are banks.');
});

test('does not take what every object has for a known key', () => {
  expect(device('{pci: 01:00.0, toString: 1, __proto__: 2}').faults).toEqual(['unknown-key@3:24', 'unknown-key@3:37']);
  expect(read('version: 1\ndevices: {__proto__: {pci: "01:00.0"}}\n').faults).toEqual(['wrong-value@2:11']);
});

test('refuses a value of the wrong type, saying both types once', () => {
  expect(top('memory: {iova: 0}').faults).toEqual(['wrong-type@3:9']);
  expect(top('iommu: [type1]').details).toEqual([
    expect.stringMatching(/^IOMMU model is a text or a map of keys; this is a list\./),
  ]);
  expect(device('[1]').faults).toEqual(['wrong-type@3:9']);
  expect(device('{pci: 01:00.0, optional: yes}').faults).toEqual(['wrong-type@3:34']);
  expect(device('{id: 8086:10d3, irqs: [{index: msi, count: 1.5}]}').faults).toEqual(['wrong-type@3:52']);
});

test('refuses an empty value, and reminds of the variable that may have made it so', () => {
  expect(device('{pci: }').faults).toEqual(['wrong-type@3:15']);
  expect(device('').details[0]).toContain('variable');
});

test('refuses a value that is not among the choices, with the near one', () => {
  const { faults, details } = top('handoff: hodl');
  expect(faults).toEqual(['wrong-value@3:10']);
  expect(details[0]).toContain('"hold"');
  expect(top('iommu: {type: Type 1}').faults).toEqual(['wrong-value@3:15']);
});

test('refuses numbers out of range and texts of the wrong form, in the words of the schema', () => {
  expect(top('msi: {banks: 65}').details[0]).toContain('0 to 64');
  expect(top('msi: {banks: 99999999999999999999}').faults).toEqual(['wrong-value@3:14']);
  expect(device('{id: "8086"}').details[0]).toContain('8086:10d3');
  expect(device('{sysfs: /dev/x}').faults).toEqual(['wrong-value@3:17']);
  expect(top('name: Foo Bar').faults).toEqual(['wrong-value@3:7']);
  expect(device('{serial: ""}').faults).toEqual(['wrong-value@3:18']);
});

test('refuses names of VMs and devices that are no names', () => {
  expect(read('version: 1\ndevices: {"a b": "01:00.0", -x: "01:00.1"}\n').faults).toEqual([
    'wrong-value@2:11',
    'wrong-value@2:29',
  ]);
});

test('reports missing keys at what they are missing in', () => {
  expect(read('devices: {nic0: "01:00.0"}\n').faults).toEqual(['missing-key@1:1']);
  expect(top('memory: [{size: 4096}]').faults).toEqual(['missing-key@3:10']);
  expect(read('version: 1\nvms: {a: {memory: []}}\n').faults).toEqual(['missing-key@2:7']);
  expect(read('version: 1\nvms: {a: {devices: {}}}\n').faults).toEqual(['missing-key@2:11']);
  expect(top('handoff: {user: dpdk}').faults[0]).toBe('missing-key@3:1');
});

test('refuses another version, and one that is not a number', () => {
  expect(read('version: 2\ndevices: {nic0: "01:00.0"}\n').faults).toEqual(['wrong-value@1:10']);
  expect(read('version: "1"\ndevices: {nic0: "01:00.0"}\n').faults).toEqual(['wrong-type@1:10']);
});

test('refuses sizes that are not exact 64-bit numbers of bytes, each with its own words', () => {
  const sizes = [
    '2GB',
    '-1',
    '1.5',
    '1.5GiB',
    '0x1ffffffffffffffff',
    '18446744073709551616',
    '99999PiB',
    'big',
    'true',
    '',
  ];
  for (const size of sizes) {
    const { faults } = top(`memory: [{iova: 0, size: ${size}}]`);
    expect(faults, size).toEqual([
      expect.stringMatching(size === 'true' ? /^wrong-type@3:26/ : /^invalid-size@3:2[56]/),
    ]);
  }
  expect(top('memory: [{iova: 0, size: 2GB}]').details[0]).toContain('2GiB');
  expect(top('memory: [{iova: 0, size: 18446744073709551615}]').faults).toEqual([]);
});

test('keeps addresses exact to 64 bits', () => {
  const { document } = top('memory: [{iova: 0xFFFFFFFFFFFFF000, size: 4096}]');
  expect(document?.vms?.['lab']?.memory).toEqual([{ iova: '0xfffffffffffff000', size: 4096 }]);
});

test('reports every mistake of a file at once', () => {
  expect(
    read('version: 1\nnmae: x\ndevices:\n  a: {pci: 01:00.0, rest: x}\n  b: {pci: "1", group: x}\nhandoff: x\n').faults,
  ).toEqual(['unknown-key@2:1', 'unknown-key@4:21', 'wrong-value@5:24', 'wrong-value@6:10']);
});

test('reports what an anchor marks once', () => {
  const { faults } = read(
    'version: 1\ndevices:\n  a: {pci: "01:00.0", expect: &e {bla: 1}}\n  b: {pci: "01:00.1", expect: *e}\n',
  );
  expect(faults).toEqual(['unknown-key@3:35']);
});

test('caps the findings, in order of position, and says so', () => {
  const lines = Array.from({ length: 5000 }, (_, i) => `  nic${i}: {pci: "01:00.0", rest: none}`);
  const { diagnostics } = readManifest([{ file: 'm.yaml', text: `version: 1\ndevices:\n${lines.join('\n')}\n` }]);
  expect(diagnostics).toHaveLength(101);
  expect(diagnostics.at(99)?.at?.start.line).toBe(102);
  expect(diagnostics.at(-1)).toMatchObject({ code: 'too-many-findings', severity: 'note' });
});
