import { expect, test } from 'vitest';
import { host } from '../../testing/index.ts';
import { check, report, textOf } from '../../testing/rule.ts';
import { soc } from '../../testing/soc.ts';
import { deviceGuardsOthersRule as rule } from './device-guards-others.ts';

const machine = () =>
  host()
    .tree(
      soc({
        'iommu@a000': { compatible: 'x,iommu', '#iommu-cells': 1, reg: [0xa000, 0x1000] },
        'pamu@b000': { compatible: ['fsl,pamu-v1.0', 'fsl,pamu'], reg: [0xb000, 0x1000] },
        'msi@c000': { compatible: 'fsl,mpic-msi', reg: [0xc000, 0x200] },
        'intc@d000': { compatible: 'x,intc', 'interrupt-controller': true, reg: [0xd000, 0x1000] },
        'gpio@e000': {
          compatible: 'x,gpio',
          'gpio-controller': true,
          'interrupt-controller': true,
          reg: [0xe000, 0x1000],
        },
        'dma@f000': { compatible: 'x,dma', reg: [0xf000, 0x1000] },
      }),
    )
    .platform('a000.iommu', { treePath: '/soc/iommu@a000' })
    .platform('b000.pamu', { treePath: '/soc/pamu@b000' })
    .platform('c000.msi', { treePath: '/soc/msi@c000' })
    .platform('d000.intc', { treePath: '/soc/intc@d000' })
    .platform('e000.gpio', { treePath: '/soc/gpio@e000' })
    .platform('f000.dma', { treePath: '/soc/dma@f000' });
const vmWith = (name: string) => ({ a: { iommu: 'noiommu' as const, devices: { d: { platform: name } } } });

test.each([
  ['a000.iommu', 'an IOMMU'],
  ['b000.pamu', 'an IOMMU'],
  ['c000.msi', 'message-signalled'],
  ['d000.intc', 'an interrupt controller'],
])('fires for %s, and says what it is', (name, what) => {
  expect(report(rule, vmWith(name), machine())).toEqual(['error device-guards-others at vms/a/devices/d/platform']);
  expect(textOf(check(rule, vmWith(name), machine()))).toContain(what);
});

test('stays silent for a GPIO block that passes interrupts on, and for what guards nobody', () => {
  expect(report(rule, vmWith('e000.gpio'), machine())).toEqual([]);
  expect(report(rule, vmWith('f000.dma'), machine())).toEqual([]);
});
