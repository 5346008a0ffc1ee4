import { expect, it } from 'vitest';
import type { Fact, Plan } from '../../model/index.ts';
import { everyStep, PCI, USB } from '../../testing/every-step.ts';
import { cFacts } from './facts.ts';

const planWith = (...facts: Fact[]): Plan => ({ ...everyStep('ppc'), facts });
const fact = (subject: string, property: string, value: string | null): Fact => ({ subject, property, value });
/** What is looked up beside the machine. */
const checked = (...facts: Fact[]) =>
  cFacts(planWith(...facts))
    .checked.slice(1)
    .map((line) => line.trim());

it('every program looks up the machine', () => {
  expect(cFacts(planWith()).checked).toEqual(['    { "machine", FACT_MACHINE, "", "ppc" },']);
});

it('looks up who a device is, and which driver has it', () => {
  const path = `/sys/bus/pci/devices/${PCI}`;
  expect(
    checked(
      fact(`device ${PCI}`, 'identity', '8086:10d3 at /sys/devices/pci0000:00/0000:01:00.0'),
      fact(`device ${PCI}`, 'driver', 'e1000e'),
      fact(`device ${PCI}`, 'driver override', null),
    ),
  ).toEqual([
    `{ "identity of device ${PCI}", FACT_REAL_PATH, "${path}", "/sys/devices/pci0000:00/0000:01:00.0" },`,
    `{ "identity of device ${PCI}", FACT_TEXT, "${path}/vendor", "0x8086" },`,
    `{ "identity of device ${PCI}", FACT_TEXT, "${path}/device", "0x10d3" },`,
    `{ "driver of device ${PCI}", FACT_LINK_NAME, "${path}/driver", "e1000e" },`,
    `{ "driver override of device ${PCI}", FACT_TEXT, "${path}/driver_override", NULL },`,
  ]);
});

it('knows the bus of a platform device, and its place', () => {
  const identity = fact(`device ${USB}`, 'identity', 'platform /soc/usb at /sys/devices/platform/ffe210000.usb');
  expect(checked(identity)).toEqual([
    `{ "identity of device ${USB}", FACT_REAL_PATH, "/sys/bus/platform/devices/${USB}", "/sys/devices/platform/${USB}" },`,
  ]);
});

it('looks up each member of a group, also one on a driver whose name has spaces', () => {
  const folder = '/sys/kernel/iommu_groups/6/devices';
  const what = '"members of group 6"';
  expect(checked(fact('group 6', 'members', 'a.usb=no driver b.usb=Generic PHY c.usb=ehci'))).toEqual([
    `{ ${what}, FACT_ENTRIES, "${folder}", "3" },`,
    `{ ${what}, FACT_LINK_NAME, "${folder}/a.usb/driver", NULL },`,
    `{ ${what}, FACT_LINK_NAME, "${folder}/b.usb/driver", "Generic PHY" },`,
    `{ ${what}, FACT_LINK_NAME, "${folder}/c.usb/driver", "ehci" },`,
  ]);
});

it('looks up modules below the names that sysfs has for them', () => {
  expect(
    checked(
      fact('module vfio-pci', 'state', 'loaded'),
      fact('module vfio_iommu_type1', 'state', 'available'),
      fact('module vfio', 'enable_unsafe_noiommu_mode', 'N'),
    ),
  ).toEqual([
    '{ "state of module vfio-pci", FACT_EXISTS, "/sys/module/vfio_pci", "there" },',
    '{ "state of module vfio_iommu_type1", FACT_EXISTS, "/sys/module/vfio_iommu_type1", NULL },',
    '{ "enable_unsafe_noiommu_mode of module vfio", FACT_TEXT, "/sys/module/vfio/parameters/enable_unsafe_noiommu_mode", "N" },',
  ]);
});

it('leaves to the reader what a few reads of sysfs do not answer', () => {
  const facts = [
    fact(`device ${PCI}`, 'in use', ''),
    fact('group 6', 'reserved regions', ''),
    fact('tree /soc', 'x', ''),
  ];
  expect(checked(...facts)).toEqual([]);
  expect(cFacts(planWith(...facts)).unchecked).toEqual(facts);
});

it('looks nowhere for a name that would lead out of sysfs', () => {
  expect(checked(fact('module ../../etc', 'state', 'loaded'), fact('group ..', 'members', 'a=b'))).toEqual([]);
});
