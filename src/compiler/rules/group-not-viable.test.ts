import { expect, test } from 'vitest';
import { host } from '../../testing/index.ts';
import { check, report, textOf } from '../../testing/rule.ts';
import { groupNotViableRule as rule } from './group-not-viable.ts';

const machine = () =>
  host()
    .intelIommu()
    .bridge('00:01.0', { group: 50 })
    .gpu('05:00.0', { group: 50 })
    .audio('05:00.1', { group: 50 })
    .usb('05:00.2', { group: 50, driver: 'vfio-pci' })
    .usb('05:00.3', { group: 50, driver: null });
const gpu = (group: 'strict' | 'take' | 'detach') => ({ a: { devices: { gpu: { pci: '05:00.0', group } } } });

test('R-GROUP-2: fires where the host holds a sibling, and shows the whole group with the choices', () => {
  expect(report(rule, gpu('strict'), machine())).toEqual(['error group-not-viable at vms/a/devices/gpu/pci']);
  const [finding] = check(rule, gpu('strict'), machine());
  expect(finding?.related).toHaveLength(5);
  for (const choice of ['group: take', 'group: detach', 'slot']) expect(finding?.detail).toContain(choice);
  expect(textOf(finding ? [finding] : [])).toContain(
    '05:00.1 audio controller, driver snd_hda_intel: stays with the host',
  );
});

test('R-GROUP-1: never blames bridges on pcieport, members without a driver or members on VFIO', () => {
  const detail = check(rule, gpu('strict'), machine())[0]?.detail ?? '';
  for (const harmless of ['00:01.0', '05:00.2', '05:00.3']) expect(detail).not.toContain(harmless);
});

test('R-GROUP-1: stays silent where the siblings are named, taken or detached', () => {
  expect(report(rule, gpu('take'), machine())).toEqual([]);
  expect(report(rule, gpu('detach'), machine())).toEqual([]);
  expect(report(rule, { a: { devices: { x: '05:00.0', y: '05:00.1' } } }, machine())).toEqual([]);
});

test('fires for a bridge with a driver of its own, and does not offer what would not help', () => {
  const odd = machine().change('00:01.0', { driver: 'oddbridge' });
  expect(report(rule, gpu('take'), odd)).toEqual(['error group-not-viable at vms/a/devices/gpu/pci']);
  expect(check(rule, gpu('take'), odd)[0]?.detail).not.toContain('group: detach');
});

const platform = () =>
  host().smmuV3().platform('a.dma', { group: 50, driver: 'x-dma' }).platform('b.dma', { group: 50, driver: 'x-dma' });

test('R-GROUP-2: fires for platform devices of one group, and does not speak of slots', () => {
  const vms = (group: 'strict' | 'take') => ({ a: { devices: { x: { platform: 'a.dma', group } } } });
  expect(report(rule, vms('strict'), platform())).toEqual(['error group-not-viable at vms/a/devices/x/platform']);
  const text = textOf(check(rule, vms('strict'), platform()));
  expect(text).toContain('b.dma (x-dma)');
  expect(text).not.toMatch(/slot|card/);
  expect(report(rule, vms('take'), platform())).toEqual([]);
});
