import { indexHost } from '../../src/model/index.ts';
import { expect, test } from 'vitest';
import { type Liodns, NIC, pamuBoard, RING0, USB0, vendorBackend } from '../../src/testing/pamu-board.ts';
import { describe } from './describe.ts';

function lines(address: string, liodns: Liodns = {}): readonly string[] {
  const host = indexHost(pamuBoard(vendorBackend(), liodns).build());
  const device = host.byAddress.get(address);
  if (!device) throw new Error(`the board has no ${address}`);
  return describe(device, host);
}

test('a platform device has the LIODNs of its own node, and the PAMU that it or its parent is behind', () => {
  expect(lines(USB0)).toEqual(['LIODN 0x21', 'behind /soc@ffe000000/iommu@20000/pamu@1000']);
  expect(lines(RING0, { ring0: [146, 154] })).toEqual([
    'LIODN 0x92, 0x9a',
    'behind /soc@ffe000000/iommu@20000/pamu@1000',
  ]);
});

test('a card has the LIODN of its controller, and shares it', () => {
  expect(lines(NIC)).toEqual([
    'LIODN 0x41, of the PCI controller ffe200000.pcie, shared by all functions below',
    'behind /soc@ffe000000/iommu@20000/pamu@0',
  ]);
});

test('a node that no boot loader has written to says so', () => {
  expect(lines(USB0, { usb0: [] })[0]).toBe(
    'no LIODN yet: the boot loader writes "fsl,liodn" into /soc@ffe000000/usb@210000',
  );
});

test('what no tree describes is described by nobody', () => {
  const host = indexHost(pamuBoard().platform('a.dma').build());
  const device = host.byAddress.get('a.dma');
  expect(device && describe(device, host)).toEqual([]);
});
