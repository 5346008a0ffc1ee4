import { expect, test } from 'vitest';
import {
  type HostInventory,
  type Plugin,
  PluginFault,
  type PluginSet,
  RegisterBank,
  type SimulatedIommu,
} from '../../model/index.ts';
import { defineIommuPlugin, defineResetPlugin } from '../../plugin/index.ts';
import { deviceTree, host } from '../../testing/index.ts';
import { soc } from '../../testing/soc.ts';
import { HookCaller } from './call.ts';
import { simulatedBy } from './simulate.ts';

const ADDRESS = '10000000.dma';
const COMPATIBLE = ['acme,dma-3-fast', 'acme,dma-3'];
const board = (): HostInventory =>
  host()
    .tree(deviceTree(soc({ 'dma@10000000': { compatible: COMPATIBLE, reg: [0x1000_0000, 0x2000] } })))
    .platform(ADDRESS, { treePath: '/soc/dma@10000000' })
    .build();

function setOf(...plugins: Plugin[]): PluginSet {
  const caller = new HookCaller();
  return {
    reset: plugins.filter((plugin) => plugin.kind === 'reset'),
    iommu: plugins.filter((plugin) => plugin.kind === 'iommu'),
    unusable: new Map(),
    call: (plugin, hook, run) => caller.call(plugin, hook, run),
    checkOptions: () => ({ options: {} }),
  };
}

const dma = (name: string, compatible: string, model: Parameters<typeof defineResetPlugin>[0]['model']) =>
  defineResetPlugin({
    name,
    version: '0.1.0',
    summary: 'x',
    matches: [{ compatible }],
    quiesce: () => [],
    ...(model ? { model } : {}),
  });

const bankOf = (value: number) => () => new RegisterBank({ 0: { 0: value } });

test('a device has the registers of the plugin that matches it best, which is told of its regions', () => {
  const regions: unknown[] = [];
  const best = dma('fast', 'acme,dma-3-fast', (target) => {
    regions.push(...target.regions);
    return new RegisterBank({ 0: { 0: 7 } });
  });
  const { devices } = simulatedBy(setOf(dma('dma', 'acme,dma-3', bankOf(1)), best), board());
  expect(devices.get(ADDRESS)?.registers?.read(0, 0n, 4)).toBe(7n);
  expect(regions).toMatchObject([{ index: 0, size: 0x2000n }]);
});

test('a device that no plugin models is left to the kernel model', () => {
  expect(simulatedBy(setOf(dma('dma', 'acme,dma-3', undefined)), board()).devices.size).toBe(0);
  expect(simulatedBy(setOf(dma('other', 'acme,other', bankOf(1))), board()).devices.size).toBe(0);
});

test('a model that throws is the fault of its plugin', () => {
  const broken = dma('dma', 'acme,dma-3', () => ({
    read: () => {
      throw new Error('no such register');
    },
    write: () => {},
    reset: () => {},
  }));
  const registers = simulatedBy(setOf(broken), board()).devices.get(ADDRESS)?.registers;
  expect(() => registers?.read(0, 0n, 4)).toThrow(PluginFault);
  expect(() => registers?.read(0, 0n, 4)).toThrow('plugin reset-dma@0.1.0 failed in model read: no such register');
});

const NOTHING: SimulatedIommu = {
  attach: () => null,
  detach: () => {},
  release: () => {},
  checkExtension: () => 1,
  ioctl: () => undefined,
};
const iommu = (name: string, claim: 'exact' | 'generic' | 'none', answer: number) =>
  defineIommuPlugin({
    name,
    version: '0.1.0',
    summary: 'x',
    models: [{ name, extension: 99 }],
    isolates: true,
    claims: () => claim,
    simulate: () => ({ ...NOTHING, checkExtension: () => answer }),
  });

const PROCESS = {
  architecture: 'ppc',
  littleEndian: false,
  hasMemory: () => true,
  lock: () => true,
  unlock: () => {},
};

test('a plugin simulates the numbers of its models, the first of two that have the same', () => {
  const { backends } = simulatedBy(setOf(iommu('a', 'generic', 1), iommu('b', 'exact', 2)), board());
  expect(backends.get(99)?.(PROCESS).checkExtension(0)).toBe(1);
});

test('a plugin that recognises a backend of the host simulates that one, and none where it recognises none', () => {
  const recognising = { ...iommu('c', 'exact', 4), backend: () => ({ name: 'c', extension: 41, properties: {} }) };
  const { backends } = simulatedBy(setOf(recognising), board());
  expect([...backends.keys()]).toEqual([41]);
  expect(backends.get(41)?.(PROCESS).checkExtension(0)).toBe(4);
  const blind = { ...iommu('d', 'exact', 4), backend: () => undefined };
  expect(simulatedBy(setOf(blind), board()).backends.size).toBe(0);
});
