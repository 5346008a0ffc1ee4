import { expect, test } from 'vitest';
import { deviceTree, nodeAt } from '../testing/index.ts';
import { kernelResetHandler } from './reset-handler.ts';

const handlerOf = (compatible: string[]) => kernelResetHandler(nodeAt(deviceTree({ it: { compatible } }), '/it'));

test('R-RESET-2: knows the devices that the kernel can reset', () => {
  expect(handlerOf(['calxeda,hb-xgmac'])).toBe('vfio_platform_calxedaxgmac');
});

test('looks at the first compatible alone, as VFIO does', () => {
  expect(handlerOf(['board,special', 'calxeda,hb-xgmac'])).toBeNull();
  expect(kernelResetHandler(deviceTree({}).root)).toBeNull();
});
