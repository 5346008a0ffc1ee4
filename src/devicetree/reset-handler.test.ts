import { expect, test } from 'vitest';
import { deviceTree, nodeAt } from '../testing/index.ts';
import { insistsOnResetHandler, kernelResetHandler } from './reset-handler.ts';

const handlerOf = (compatible: string[]) => kernelResetHandler(nodeAt(deviceTree({ it: { compatible } }), '/it'));

test('R-RESET-2: knows the devices that the kernel can reset', () => {
  expect(handlerOf(['calxeda,hb-xgmac'])).toBe('vfio_platform_calxedaxgmac');
});

test('looks at the first compatible alone, as VFIO does', () => {
  expect(handlerOf(['board,special', 'calxeda,hb-xgmac'])).toBeNull();
  expect(kernelResetHandler(deviceTree({}).root)).toBeNull();
});

test.each([
  ['6.0.19', false],
  ['6.1.192-arm64', true],
  ['6.2.16', true],
  ['6.3.0', false],
  ['6.12.107-armmp', false],
])('R-RESET-3: knows whether Linux %s takes a device without a handler at all', (release, insists) => {
  expect(insistsOnResetHandler(release)).toBe(insists);
});
