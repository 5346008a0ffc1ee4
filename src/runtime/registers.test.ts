import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { Kernel } from './kernel/port.ts';
import { readRegister, RegisterFault, type Registers, type RegisterWidth, writeRegister } from './registers.ts';

const OFFSET = 3n << 40n;
const SIZE = 0x20n;

/** A device whose bytes are these, behind a kernel that keeps what it was asked. */
function deviceOf(architecture: string, bytes = Buffer.alloc(Number(SIZE))) {
  const asked: string[] = [];
  const kernel: Pick<Kernel, 'architecture' | 'pread' | 'pwrite'> = {
    architecture,
    pread: (fd, length, at) => {
      asked.push(`pread ${fd} ${length} at ${at - OFFSET}`);
      return Buffer.from(bytes.subarray(Number(at - OFFSET), Number(at - OFFSET) + length));
    },
    pwrite: (fd, data, at) => {
      asked.push(`pwrite ${fd} ${data.toString('hex')} at ${at - OFFSET}`);
      data.copy(bytes, Number(at - OFFSET));
    },
  };
  return { kernel: kernel as Kernel, asked };
}

const region = { index: 3, offset: OFFSET, size: SIZE, readable: true, writable: true };
const registersOn = (architecture: string, rest: Partial<Registers> = {}) => {
  const { kernel, asked } = deviceOf(architecture, Buffer.from([...Array(32).keys()]));
  const registers: Registers = { kernel, device: 7, bus: 'platform', region, ...rest };
  return { registers, asked };
};

it.each<[RegisterWidth, bigint]>([
  [1, 0x08n],
  [2, 0x0908n],
  [4, 0x0b0a0908n],
])('makes one access of a register of %d bytes, little-endian', (width, value) => {
  const { registers, asked } = registersOn('aarch64');
  expect(readRegister(registers, 8n, width)).toBe(value);
  expect(asked).toEqual([`pread 7 ${width} at 8`]);
});

it('makes two accesses of 8 bytes of a platform device, the lower first, and one of a PCI function', () => {
  const platform = registersOn('aarch64');
  expect(readRegister(platform.registers, 8n, 8)).toBe(0x0f0e0d0c0b0a0908n);
  expect(platform.asked).toEqual(['pread 7 4 at 8', 'pread 7 4 at 12']);
  const pci = registersOn('x86_64', { bus: 'pci' });
  expect(readRegister(pci.registers, 8n, 8)).toBe(0x0f0e0d0c0b0a0908n);
  expect(pci.asked).toEqual(['pread 7 8 at 8']);
});

it('takes a big-endian register as such, of 8 bytes too', () => {
  const { registers } = registersOn('aarch64', { order: 'big' });
  expect(readRegister(registers, 8n, 4)).toBe(0x08090a0bn);
  expect(readRegister(registers, 8n, 8)).toBe(0x08090a0b0c0d0e0fn);
});

it('knows that a big-endian CPU turns the numbers of vfio-platform, and not the bytes of vfio-pci', () => {
  // The kernel has read the register as little-endian and keeps the number as the CPU does: the bytes are turned twice.
  expect(readRegister(registersOn('ppc64').registers, 8n, 4)).toBe(0x08090a0bn);
  expect(readRegister(registersOn('ppc64', { order: 'big' }).registers, 8n, 4)).toBe(0x0b0a0908n);
  expect(readRegister(registersOn('ppc64', { bus: 'pci' }).registers, 8n, 4)).toBe(0x0b0a0908n);
});

it('writes in the same order', () => {
  const { registers, asked } = registersOn('aarch64');
  writeRegister(registers, 4n, 4, 0x11223344n);
  writeRegister({ ...registers, order: 'big' }, 4n, 2, 0x1122n);
  writeRegister(registers, 8n, 8, 0x1122334455667788n);
  expect(asked).toEqual([
    'pwrite 7 44332211 at 4',
    'pwrite 7 1122 at 4',
    'pwrite 7 88776655 at 8',
    'pwrite 7 44332211 at 12',
  ]);
});

it.each<[bigint, RegisterWidth, string]>([
  [0x20n, 1, 'not inside'],
  [0x1fn, 2, 'not inside'],
  [0x1cn, 8, 'not inside'],
  [-4n, 4, 'not inside'],
  [2n, 4, 'not aligned'],
  [4n, 8, 'not aligned'],
  [1n, 2, 'not aligned'],
])('refuses register %s of %d bytes, which is %s', (offset, width, why) => {
  const { registers, asked } = registersOn('aarch64');
  expect(() => readRegister(registers, offset, width)).toThrow(RegisterFault);
  expect(() => writeRegister(registers, offset, width, 0n)).toThrow(why);
  expect(asked).toEqual([]);
});

it('refuses what VFIO does not let be read or written, and a value that is wider than its register', () => {
  const ports = registersOn('aarch64', { region: { ...region, readable: false, writable: false } });
  expect(() => readRegister(ports.registers, 0n, 4)).toThrow('does not let region 3 be read');
  expect(() => writeRegister(ports.registers, 0n, 4, 0n)).toThrow('does not let region 3 be written');
  const { registers, asked } = registersOn('aarch64');
  expect(() => writeRegister(registers, 0n, 2, 0x10000n)).toThrow('does not fit');
  expect(() => writeRegister(registers, 0n, 2, -1n)).toThrow(RegisterFault);
  expect([...ports.asked, ...asked]).toEqual([]);
});

it('says so where fewer bytes come back than the register has', () => {
  const { kernel } = deviceOf('aarch64', Buffer.alloc(2));
  expect(() => readRegister({ kernel, device: 7, bus: 'platform', region }, 0n, 4)).toThrow('2 of 4 bytes');
});

it('reads back what it wrote, whatever the width, the bus, the byte order and the CPU', () => {
  const widths = fc.constantFrom<RegisterWidth>(1, 2, 4, 8);
  const kinds = fc.record({
    architecture: fc.constantFrom('x86_64', 'aarch64', 'armv7l', 'ppc64', 'ppc'),
    bus: fc.constantFrom<Registers['bus']>('pci', 'platform', 'amba'),
    order: fc.constantFrom<'little' | 'big'>('little', 'big'),
  });
  fc.assert(
    fc.property(widths, kinds, fc.bigInt(0n, (1n << 64n) - 1n), fc.nat({ max: 3 }), (width, kind, any, slot) => {
      const value = BigInt.asUintN(8 * width, any);
      const offset = BigInt(slot * width);
      const { kernel } = deviceOf(kind.architecture);
      const registers: Registers = { kernel, device: 7, bus: kind.bus, region, order: kind.order };
      writeRegister(registers, offset, width, value);
      expect(readRegister(registers, offset, width)).toBe(value);
    }),
  );
});
