import { expect, test } from 'vitest';
import { deviceTree } from '../../testing/index.ts';
import { writeFdt } from './write-fdt.ts';

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

/** What `dtc -I dts -O dtb -b 3` of version 1.6.1 makes of the same tree. */
const BY_DTC = [
  'd00dfeed0000009f0000004800000090000000280000001100000010000000030000000f00000048',
  '00000000200000000000000000100000000000000000000000000000000000000000000100000000',
  '0000000300000003000000006162000000000001736f630000000003000000040000000600000001',
  '00000003000000000000000a0000000200000002000000096d6f64656c0072656700666c616700',
];

test('writes what dtc writes for the same tree', () => {
  const tree = deviceTree({ model: 'ab', soc: { reg: 1, flag: true } });
  const written = hex(writeFdt(tree, { reservations: [{ address: 0x2000_0000n, size: 0x10_0000n }], bootCpu: 3 }));
  expect(written).toBe(BY_DTC.join(''));
});

test('writes each name of a property once', () => {
  const tree = deviceTree({ reg: 1, a: { reg: 2 }, b: { reg: 3 } });
  expect(hex(writeFdt(tree)).split(hex(new TextEncoder().encode('reg\0')))).toHaveLength(2);
});

test('writes a tree that is larger than its first buffers', () => {
  const large = deviceTree({ large: new Uint8Array(100_000).fill(0xab) });
  expect(writeFdt(large).length).toBeGreaterThan(100_000);
});
