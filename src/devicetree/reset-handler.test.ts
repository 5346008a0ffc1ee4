import { expect, it } from 'vitest';
import { indexHost } from '../model/index.ts';
import { deviceTree, host, nodeAt } from '../testing/index.ts';
import { resetHandlerOf, resetModuleFor } from './reset-handler.ts';

const TREE = deviceTree({
  'xgmac@1000': { compatible: 'calxeda,hb-xgmac', reg: [0x1000, 0x1000] },
  'second@2000': { compatible: ['board,special', 'calxeda,hb-xgmac'], reg: [0x2000, 0x1000] },
  'shouting@3000': { compatible: 'Calxeda,hb-xgmac', reg: [0x3000, 0x1000] },
});

it('R-GROUP-5: looks at the first compatible only, letter by letter', () => {
  expect(resetModuleFor(nodeAt(TREE, '/xgmac@1000'))).toBe('vfio_platform_calxedaxgmac');
  expect(resetModuleFor(nodeAt(TREE, '/second@2000'))).toBeNull();
  expect(resetModuleFor(nodeAt(TREE, '/shouting@3000'))).toBeNull();
});

it('R-GROUP-5: knows a handler on a host that has its module, and none elsewhere', () => {
  const on = () =>
    host().tree(TREE).platform('1000.xgmac', { treePath: '/xgmac@1000' }).platform('acpi', { treePath: null });
  const handler = (builder: ReturnType<typeof on>, address: string) => {
    const index = indexHost(builder.build());
    const device = index.byAddress.get(address);
    if (!device || device.bus === 'pci') throw new Error('no such device');
    return resetHandlerOf(index, device);
  };
  const equipped = on().module('vfio_platform_calxedaxgmac', 'available');
  expect(handler(equipped, '1000.xgmac')).toBe('vfio_platform_calxedaxgmac');
  expect(handler(equipped, 'acpi')).toBeNull();
  expect(handler(on(), '1000.xgmac')).toBeNull();
});
