import { expect, test } from 'vitest';
import { deviceTree, nodeAt, type NodeLiteral } from '../testing/index.ts';
import { coherency, dmaCoherence } from './coherency.ts';
import { architectureOf, coherentByDefault } from './machine.ts';

const COHERENT: NodeLiteral = { 'dma-coherent': true };

function verdict(compatible: string, iommu: NodeLiteral, dev: NodeLiteral): string {
  const tree = deviceTree({
    smmu: { compatible, phandle: 1, '#iommu-cells': 1, ...iommu },
    dev: { iommus: [1, 5], ...dev },
  });
  const found = coherency(tree, nodeAt(tree, '/dev'));
  return found.kind === 'not-coherent' ? `lacking ${found.lacking.map(({ path }) => path).join()}` : found.kind;
}

test('R-GROUP-5: asks an SMMUv3 alone, whatever the device says', () => {
  expect(verdict('arm,smmu-v3', COHERENT, {})).toBe('coherent');
  expect(verdict('arm,smmu-v3', {}, COHERENT)).toBe('lacking /smmu');
});

test('R-GROUP-5: is content with an older SMMU or its device', () => {
  expect(verdict('arm,mmu-500', COHERENT, {})).toBe('coherent');
  expect(verdict('arm,mmu-500', {}, COHERENT)).toBe('coherent');
  expect(verdict('arm,smmu-v2', {}, {})).toBe('lacking /smmu,/dev');
});

test('knows IOMMUs that always are coherent, and says nothing about others', () => {
  expect(verdict('virtio,pci-iommu', {}, {})).toBe('coherent');
  expect(verdict('acme,iommu', COHERENT, COHERENT)).toBe('unknown');
});

test.each([
  'rockchip,iommu',
  'samsung,exynos-sysmmu',
  'allwinner,sun50i-h6-iommu',
  'mediatek,mt8195-iommu-infra',
  'ti,dra7-dsp-iommu',
  'renesas,ipmmu-r8a7795',
  'apple,t8103-dart',
  'nvidia,tegra124-mc',
])('R-GROUP-5: knows that the driver of %s never says that a device is coherent', (compatible) => {
  expect(verdict(compatible, COHERENT, COHERENT)).toBe('lacking ');
});

test('says that there is no IOMMU', () => {
  const tree = deviceTree({ dev: COHERENT });
  expect(coherency(tree, nodeAt(tree, '/dev'))).toEqual({ kind: 'no-iommu' });
});

test('takes the word of the nearest node above, in both directions', () => {
  const tree = deviceTree({ 'dma-coherent': true, a: { b: {} }, c: { 'dma-noncoherent': true, d: {}, e: COHERENT } });
  const said = (path: string): unknown => {
    const { coherent, saidBy } = dmaCoherence(tree, nodeAt(tree, path));
    return [coherent, saidBy?.path];
  };
  expect([said('/a/b'), said('/c/d'), said('/c/e')]).toEqual([
    [true, '/'],
    [false, '/c'],
    [true, '/c/e'],
  ]);
});

const withCpu = (name: string, cpu: NodeLiteral): ReturnType<typeof deviceTree> =>
  deviceTree({ cpus: { [name]: cpu } });

test('takes PowerPC and RISC-V for coherent by default, Arm and PowerPC cores with incoherent caches not', () => {
  expect(coherentByDefault(withCpu('PowerPC,e500mc@0', {}))).toBe(true);
  expect(coherentByDefault(withCpu('PowerPC,8349@0', {}))).toBe(true);
  expect(coherentByDefault(withCpu('cpu@0', { compatible: ['sifive,u74', 'riscv'] }))).toBe(true);
  expect(coherentByDefault(withCpu('cpu@0', { compatible: 'arm,cortex-a57' }))).toBe(false);
  expect(coherentByDefault(withCpu('PowerPC,440EP@0', {}))).toBe(false);
  expect(coherentByDefault(deviceTree({}))).toBe(false);
});

test('tells architectures apart by their CPUs', () => {
  expect(architectureOf(withCpu('cpu@0', { compatible: 'qcom,kryo', 'enable-method': 'psci' }))).toBe('arm');
  expect(architectureOf(withCpu('cpu@0', { compatible: 'PowerPC,970' }))).toBe('powerpc');
  expect(architectureOf(withCpu('cpu@0', { compatible: 'ingenic,xburst' }))).toBe('other');
});
