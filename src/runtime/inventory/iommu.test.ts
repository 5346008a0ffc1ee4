import { expect, test } from 'vitest';
import type { IommuUnit } from '../../model/index.ts';
import { directoryWith } from '../../testing/directory.ts';
import { HostFiles } from './host-files.ts';
import { interruptRemapping, intelAddressBits, readIommuUnits } from './iommu.ts';

const UNITS: IommuUnit[] = [{ name: 'dmar3', kind: 'intel', addressBits: null }];

test('takes the narrower of what an Intel unit decodes and what its page tables cover', () => {
  // The capability registers of QEMU's unit with 39 bits, and with aw-bits=48.
  expect(intelAddressBits('d2008c22260286')).toBe(39);
  expect(intelAddressBits('d2008c222f0686')).toBe(48);
  expect(intelAddressBits('8d2078c106f0466')).toBe(48);
  expect(intelAddressBits('0')).toBeNull();
  expect(intelAddressBits('(null)')).toBeNull();
});

test('knows interrupt remapping on x86 by the chips that carry it', () => {
  const remapped = '  0:  190  IR-IO-APIC   2-edge      timer\n 24:  0  DMAR-MSI   0-edge      dmar0\n';
  const amd = ' 24:          0   PCI-MSI 16384-edge      AMD-Vi\n 25:   0  IR-PCI-MSI 294912-edge      PCIe PME\n';
  const perDevice = ' 25:   0  IR-PCI-MSIX-0000:00:01.0    0-edge      virtio0-config\n';
  const plain = '  0:  190  IO-APIC   2-edge      timer\n 25:   0  PCI-MSI 16384-edge  eth0\n';
  for (const text of [remapped, amd, perDevice]) expect(interruptRemapping(text, 'x86_64', UNITS)).toBe(true);
  expect(interruptRemapping(plain, 'x86_64', UNITS)).toBe(false);
});

test('does not claim that interrupts are forgeable where nothing shows it', () => {
  const plain = '  0:  190  IO-APIC   2-edge      timer\n';
  expect(interruptRemapping(plain, 'x86_64', [])).toBeNull();
  expect(interruptRemapping('', 'x86_64', UNITS)).toBeNull();
  expect(interruptRemapping(' 11:  1261     GICv3  27 Level  arch_timer\n', 'aarch64', UNITS)).toBeNull();
  expect(interruptRemapping(' 24:  0   ITS-MSI 16384 Edge  virtio0\n', 'ppc64le', UNITS)).toBeNull();
});

test('takes an interrupt translation service on arm64 for isolation', () => {
  expect(interruptRemapping(' 24:  0   ITS-MSI 16384 Edge  virtio0\n', 'aarch64', UNITS)).toBe(true);
  expect(interruptRemapping(' 24:  0   ITS-PCI-MSIX-0000:00:01.0 0 Edge  x\n', 'aarch64', UNITS)).toBe(true);
});

test('does not take the unit of a self-test of the kernel for one that translates', () => {
  const root = directoryWith({
    'sys/class/iommu/iommufd_selftest_iommu.0/uevent': '',
    'sys/class/iommu/smmu3.0x0000000009050000/uevent': '',
  });
  expect(readIommuUnits(new HostFiles(root)).map(({ name }) => name)).toEqual(['smmu3.0x0000000009050000']);
});
