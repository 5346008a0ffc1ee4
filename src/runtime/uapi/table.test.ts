import { readdirSync } from 'node:fs';
import { expect, test } from 'vitest';
import { IOCTLS } from './table.ts';

/** Printed by C programs compiled against include/uapi/linux/vfio.h: x86-64 and PowerPC. */
const GOLDEN: Readonly<Record<string, readonly [kind: string, x86: number, powerpc: number]>> = {
  VFIO_GET_API_VERSION: ['container', 15204, 0x2000_3b64],
  VFIO_CHECK_EXTENSION: ['container', 15205, 0x2000_3b65],
  VFIO_SET_IOMMU: ['container', 15206, 0x2000_3b66],
  VFIO_GROUP_GET_STATUS: ['group', 15207, 0x2000_3b67],
  VFIO_GROUP_SET_CONTAINER: ['group', 15208, 0x2000_3b68],
  VFIO_GROUP_UNSET_CONTAINER: ['group', 15209, 0x2000_3b69],
  VFIO_GROUP_GET_DEVICE_FD: ['group', 15210, 0x2000_3b6a],
  VFIO_DEVICE_GET_INFO: ['device', 15211, 0x2000_3b6b],
  VFIO_DEVICE_GET_REGION_INFO: ['device', 15212, 0x2000_3b6c],
  VFIO_DEVICE_GET_IRQ_INFO: ['device', 15213, 0x2000_3b6d],
  VFIO_DEVICE_SET_IRQS: ['device', 15214, 0x2000_3b6e],
  VFIO_DEVICE_RESET: ['device', 15215, 0x2000_3b6f],
  // Never in the header: `_IO(VFIO_TYPE, VFIO_BASE + 16)` of the proposal, which mainline gave to VFIO_DEVICE_IOEVENTFD.
  VFIO_DEVICE_GET_DEVTREE_INFO: ['device', 15220, 0x2000_3b74],
  VFIO_DEVICE_GET_PCI_HOT_RESET_INFO: ['device', 15216, 0x2000_3b70],
  VFIO_DEVICE_PCI_HOT_RESET: ['device', 15217, 0x2000_3b71],
  VFIO_IOMMU_GET_INFO: ['container', 15216, 0x2000_3b70],
  VFIO_IOMMU_MAP_DMA: ['container', 15217, 0x2000_3b71],
  VFIO_IOMMU_UNMAP_DMA: ['container', 15218, 0x2000_3b72],
};

test('every ioctl has a golden number and kind of descriptor', () => {
  expect(IOCTLS.map((ioctl) => ioctl.name).sort()).toEqual(Object.keys(GOLDEN).sort());
});

test.each(IOCTLS.map((ioctl) => [ioctl.name, ioctl] as const))(
  '%s has its number on each architecture',
  (name, ioctl) => {
    const [kind, x86, powerpc] = GOLDEN[name] ?? [];
    expect(ioctl.fdKind).toBe(kind);
    for (const architecture of ['x86_64', 'aarch64', 'armv7l', 'riscv64', 's390x']) {
      expect(ioctl.request(architecture).number).toBe(x86);
    }
    for (const architecture of ['ppc64', 'ppc64le', 'ppc', 'mips64', 'sparc64', 'alpha']) {
      expect(ioctl.request(architecture).number).toBe(powerpc);
    }
  },
);

test('no two ioctls of one kind of descriptor share a number', () => {
  for (const architecture of ['x86_64', 'ppc64']) {
    const keys = IOCTLS.map((ioctl) => `${ioctl.fdKind} ${ioctl.request(architecture).number}`);
    expect(new Set(keys).size).toBe(keys.length);
  }
});

test('a request is the same object every time, so that tens of thousands cost nothing', () => {
  for (const ioctl of IOCTLS) expect(ioctl.request('x86_64')).toBe(ioctl.request('aarch64'));
});

test('every file that declares an ioctl is in the table', () => {
  const declaring = /^(check-extension|get-api-version|set-iommu|group-|device-|iommu-).*(?<!\.test)\.ts$/;
  expect(readdirSync(import.meta.dirname).filter((name) => declaring.test(name))).toHaveLength(IOCTLS.length);
});

test('every errno meaning is a sentence', () => {
  for (const { name, errors } of IOCTLS) {
    for (const [code, sentence] of Object.entries(errors)) {
      expect(code, name).toMatch(/^E[A-Z0-9]+$/);
      expect(sentence, `${name} ${code}`).toMatch(/^[A-Z].*\.$/);
    }
  }
});
