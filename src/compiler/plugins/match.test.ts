import { expect, it } from 'vitest';
import { indexHost, type ResetMatch } from '../../model/index.ts';
import { fakeReset } from '../../testing/fake-plugins.ts';
import { bdf, host } from '../../testing/index.ts';
import { matchesOf, matchOf } from './match.ts';

const machine = indexHost(host().nic('01:00.0').platform('40000.widget').build());
const nic = machine.pciByAddress.get(bdf('01:00.0'));
const widget = machine.byAddress.get('40000.widget');
if (!nic || !widget) throw new Error('the host of the test lacks its devices');

const plugin = (name: string, ...matches: readonly ResetMatch[]) => fakeReset(name, { matches });
const LIST = ['acme,widget-2', 'acme,widget', 'simple-bus'];

it('R-RESET-2: every string of `compatible` counts, the most specific first', () => {
  const reset = [
    plugin('bus', { compatible: 'simple-bus' }),
    plugin('exact', { compatible: 'acme,widget-2' }),
    plugin('family', { compatible: 'acme,widget' }),
    plugin('other', { compatible: 'acme,gadget' }),
  ];
  expect(matchesOf({ reset }, widget, LIST).map((found) => [found.plugin.name, found.because])).toEqual([
    ['exact', 'compatible acme,widget-2'],
    ['family', 'compatible acme,widget'],
    ['bus', 'compatible simple-bus'],
  ]);
});

it('R-RESET-2: of a plugin with several matches, the closest counts', () => {
  const both = plugin('both', { compatible: 'acme,widget' }, { compatible: 'acme,widget-2' });
  expect(matchOf(both, widget, LIST)?.because).toBe('compatible acme,widget-2');
});

it('matches nothing of a device without a node, or by a string that only looks alike', () => {
  expect(matchOf(plugin('family', { compatible: 'acme,widget' }), widget, [])).toBeUndefined();
  expect(matchOf(plugin('part', { compatible: 'acme,widge' }), widget, LIST)).toBeUndefined();
});

it('does not match a PCI function by `compatible`, nor another device by ids', () => {
  expect(matchOf(plugin('tree', { compatible: 'acme,widget-2' }), nic, LIST)).toBeUndefined();
  expect(matchOf(plugin('any', { pci: {} }), widget, LIST)).toBeUndefined();
});

it('R-RESET-2: of a PCI function, ids are closer than the class, and those of the card closer than those of the chip', () => {
  const card = { vendor: '8086', device: 'a01f' };
  const reset = [
    plugin('every', { pci: {} }),
    plugin('network', { pci: { class: '02' } }),
    plugin('ethernet', { pci: { class: '0200' } }),
    plugin('maker', { pci: { vendor: '8086' } }),
    plugin('chip', { pci: { vendor: '8086', device: '10d3' } }),
    plugin('card', { pci: { vendor: '8086', device: '10d3', subsystem: card } }),
  ];
  expect(matchesOf({ reset }, nic, []).map((found) => [found.plugin.name, found.because])).toEqual([
    ['card', 'subsystem 8086:a01f, device 10d3, vendor 8086'],
    ['chip', 'device 10d3, vendor 8086'],
    ['maker', 'vendor 8086'],
    ['ethernet', 'class 0200'],
    ['network', 'class 02'],
    ['every', 'any PCI function'],
  ]);
});

it.each([
  ['vendor', { vendor: '10de' }],
  ['device', { vendor: '8086', device: '10c9' }],
  ['class', { class: '0108' }],
  ["subsystem's device", { subsystem: { vendor: '8086', device: 'ffff' } }],
  ["subsystem's vendor", { subsystem: { vendor: '10de', device: 'a01f' } }],
])('does not match a function with another %s', (_what, pci) => {
  expect(matchOf(plugin('p', { pci }), nic, [])).toBeUndefined();
});

it('does not match a function without a subsystem by one', () => {
  const bare = { ...nic, subsystem: null };
  const card = { pci: { subsystem: { vendor: '8086', device: 'a01f' } } };
  expect(matchOf(plugin('card', card), nic, [])).toBeDefined();
  expect(matchOf(plugin('card', card), bare, [])).toBeUndefined();
});
