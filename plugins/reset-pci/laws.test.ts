import { expect, test } from 'vitest';
import type { Diagnostic } from 'vfio-compose/plugin';
import { host } from '../../src/testing/index.ts';
import { type Owners, pciLawContext } from '../../src/testing/pci-target.ts';
import plugin from './index.ts';

const card = (gpu: string[] = ['bus'], audio: string[] = []) =>
  host()
    .intelIommu()
    .bridge('00:01.0', { bus: '05' })
    .gpu('05:00.0', { resetMethods: gpu })
    .audio('05:00.1', { resetMethods: audio });
type Machine = ReturnType<typeof card>;

const GPU: Owners = { '05:00.0': 'a' };
const BOTH: Owners = { ...GPU, '05:00.1': 'a' };

const found = (on: Machine, owners: Owners, reset?: 'required' | 'preferred' | 'none', address = '05:00.0') => {
  const context = pciLawContext(on, address, owners, reset);
  return (plugin.laws ?? []).flatMap((law) => [...law.check(context)]);
};
const report = (...args: Parameters<typeof found>) =>
  found(...args).map(({ severity, code, at }) => `${severity} ${code} at ${at?.file ?? 'nowhere'}`);
const textOf = (diagnostics: readonly Diagnostic[]) =>
  diagnostics.flatMap(({ detail, related }) => [detail, ...related.map(({ message }) => message)]).join('\n');

const nic = (resetMethods: string[]) => host().intelIommu().nic('01:00.0', { resetMethods });
const NIC: Owners = { '01:00.0': 'a' };

test('R-RESET-3: fires for a device without a reset, since a reset is required by default', () => {
  expect(report(nic([]), NIC, undefined, '01:00.0')).toEqual(['error reset-not-possible at vms/a/devices/x']);
});

test('R-RESET-3: warns where a reset is only preferred, and stays silent where none is asked for', () => {
  const warning = found(nic([]), NIC, 'preferred', '01:00.0');
  expect(warning.map(({ severity, code }) => `${severity} ${code}`)).toEqual(['warning reset-not-possible']);
  expect(textOf(warning)).toContain('handed over without a reset');
  expect(report(nic([]), NIC, 'none', '01:00.0')).toEqual([]);
});

test('R-RESET-5: stays silent for a device with any method', () => {
  expect(report(nic(['pm']), NIC, undefined, '01:00.0')).toEqual([]);
  expect(report(nic(['bus']), NIC, undefined, '01:00.0')).toEqual([]);
});

test('R-RESET-5, R-GROUP-5: a card of which no function lists the bus cannot be reset, whoever has it', () => {
  expect(report(card([]), BOTH)).toEqual(['error reset-not-possible at vms/a/devices/x']);
  expect(textOf(found(card([]), BOTH))).toContain('no function of its bus lists bus');
});

test('R-RESET-5: fires where the bus has a function of the host, and lists it', () => {
  expect(report(card(), GPU)).toEqual(['error bus-reset-hits-others at vms/a/devices/x']);
  expect(textOf(found(card(), GPU))).toMatch(/0000:05:00\.1 .*driver snd_hda_intel: stays with the host/);
});

test('R-RESET-5: fires for the function that lists nothing itself, since the first one of the card says what the bus can', () => {
  expect(report(card(), { '05:00.1': 'a' }, undefined, '05:00.1')).toEqual([
    'error bus-reset-hits-others at vms/a/devices/x',
  ]);
});

test('R-RESET-5: fires for both where two VMs share the bus, and says who has the other', () => {
  const split = { ...GPU, '05:00.1': 'b' };
  expect(textOf(found(card(), split))).toContain('goes to b');
  expect(textOf(found(card(), split, undefined, '05:00.1'))).toContain('goes to a');
});

test.each<[string, string | null, RegExp]>([
  ['no driver', null, /must be on VFIO as well/],
  ['pci-stub', 'pci-stub', /must be on VFIO as well/],
  ['another user of VFIO', 'vfio-pci', /not of this plan/],
])('R-RESET-5: fires for a neighbour with %s, as the kernel refuses it', (_what, driver, says) => {
  const on = card().change('05:00.1', { driver });
  expect(report(on, GPU)).toEqual(['error bus-reset-hits-others at vms/a/devices/x']);
  expect(textOf(found(on, GPU))).toMatch(says);
});

test('R-RESET-5: fires where the neighbour is only detached, which is not enough for a reset', () => {
  const owners: Owners = { ...GPU, '05:00.1': { detachedBy: 'a' } };
  expect(report(card(), owners)).toEqual(['error bus-reset-hits-others at vms/a/devices/x']);
  expect(textOf(found(card(), owners))).toContain('only loses its driver');
});

test('R-RESET-5: fires for a bridge beside the device, and says that no VM can have it', () => {
  const on = card().bridge('05:01.0', { bus: '07' });
  expect(textOf(found(on, BOTH))).toMatch(/0000:05:01\.0 .*no VM can have/);
});

test('R-RESET-5: lists so many functions, and counts the rest', () => {
  const full = Array.from({ length: 20 }, (_, i) => i + 1).reduce(
    (on, slot) => on.usb(`05:${slot.toString(16).padStart(2, '0')}.0`),
    card(),
  );
  const [finding] = found(full, GPU);
  expect(finding?.related).toHaveLength(17);
  expect(finding?.related.at(-1)?.message).toBe('… and 5 more');
});

test('R-RESET-5: warns where a reset is only preferred, and stays silent where none is asked for', () => {
  expect(report(card(), GPU, 'preferred')).toEqual(['warning bus-reset-hits-others at vms/a/devices/x']);
  expect(report(card(), GPU, 'none')).toEqual([]);
});

test('R-RESET-5: stays silent where one VM has all that would be hit, or another method comes first', () => {
  expect(report(card(), BOTH)).toEqual([]);
  expect(report(card(), BOTH, undefined, '05:00.1')).toEqual([]);
  expect(report(card(['flr', 'bus']), GPU)).toEqual([]);
});

test('R-GROUP-5: warns of a kernel that does not say how, where that may be the bus', () => {
  expect(report(card(['unknown']), BOTH)).toEqual(['warning reset-method-unknown at vms/a/devices/x']);
  expect(report(card(['unknown']), BOTH, 'none')).toEqual([]);
  expect(report(nic(['unknown']), NIC, undefined, '01:00.0')).toEqual([]);
  expect(report(card(['flr']), BOTH)).toEqual([]);
});
