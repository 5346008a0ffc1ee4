import { draftAt, setCell, type DraftNode } from '../../src/devicetree/fdt/draft.ts';

/** Changes the tree that QEMU makes for a machine. */
export type TreeChange = (root: DraftNode) => void;

/**
 * Puts devices of the platform bus behind the SMMU: QEMU has only PCI there. The streams are those of no PCI function. The
 * devices do not use them, since no transaction of theirs passes the SMMU, but to the kernel each has a stream and a group.
 * The disk and the clock name the ITS as their MSI controller, as devices do that send messages; the card names none.
 */
export const withStreams: TreeChange = (root) => {
  const smmu = phandleOf(root, '/smmuv3');
  nodeAt(root, CARD).properties.set('iommus', cells(smmu, 0x42));
  nodeAt(root, DISK).properties.set('iommus', cells(smmu, 0x43));
  nodeAt(root, CLOCK).properties.set('iommus', cells(smmu, 0x44));
  const its = phandleOf(root, '/intc/its');
  nodeAt(root, DISK).properties.set('msi-parent', cells(its, 0x43));
  nodeAt(root, CLOCK).properties.set('msi-parent', cells(its, 0x44));
};

/** The same, and the SMMU does not see the caches of the CPU. What a newer QEMU says of all devices is taken back too. */
export const withoutCoherence: TreeChange = (root) => {
  withStreams(root);
  for (const node of [nodeAt(root, '/smmuv3'), root]) node.properties.delete('dma-coherent');
};

const CARD = '/virtio_mmio@a003e00';
const DISK = '/virtio_mmio@a003c00';
const CLOCK = '/pl031';

function nodeAt(root: DraftNode, name: string): DraftNode {
  const node = draftAt(root, name);
  if (!node) throw new Error(`the tree that QEMU made has no ${name}`);
  return node;
}

function phandleOf(root: DraftNode, name: string): number {
  const { phandle } = nodeAt(root, name);
  if (phandle === null) throw new Error(`${name} has no phandle in the tree that QEMU made`);
  return phandle;
}

function cells(...values: readonly number[]): Uint8Array {
  const value = new Uint8Array(4 * values.length);
  values.forEach((cell, index) => setCell(value, 4 * index, cell));
  return value;
}
