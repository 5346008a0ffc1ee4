import { expect, test } from 'vitest';
import { deviceTree } from '../../testing/index.ts';
import { GrowingBytes } from './growing-bytes.ts';
import { readFdt } from './read-fdt.ts';
import { writeFdt } from './write-fdt.ts';

/** A blob of a structure block written by hand and one property name, for sizes at which a tree would be slow to make. */
function blobOf(write: (structure: GrowingBytes) => void): Uint8Array {
  const structure = new GrowingBytes();
  write(structure);
  structure.word(9);
  const template = writeFdt(deviceTree({ p: true }));
  const out = new GrowingBytes();
  out.append(template.subarray(0, 56));
  out.append(structure.taken());
  out.text('p');
  const bytes = out.taken();
  const view = new DataView(bytes.buffer);
  view.setUint32(4, bytes.length);
  view.setUint32(12, 56 + structure.length);
  view.setUint32(36, structure.length);
  return bytes;
}

function begin(structure: GrowingBytes, name: string): void {
  structure.word(1);
  structure.text(name);
  structure.align(4);
}

/** More than it takes on a busy machine, much less than any growth that is not linear. */
const SECONDS = 20;

test('refuses millions of nodes at the first that is too many', { timeout: SECONDS * 1000 }, () => {
  const bytes = blobOf((structure) => {
    begin(structure, '');
    for (let index = 0; index < 1_000_000; index++) {
      begin(structure, index.toString(36));
      structure.word(2);
    }
    structure.word(2);
  });
  expect(readFdt(bytes)).toMatchObject({ problem: { kind: 'limit' } });
});

test('refuses long names above many nodes, whose paths would fill the memory', { timeout: SECONDS * 1000 }, () => {
  const bytes = blobOf((structure) => {
    begin(structure, '');
    for (let level = 0; level < 63; level++) begin(structure, 'x'.repeat(255));
    for (let index = 0; index < 200_000; index++) {
      begin(structure, index.toString(36));
      structure.word(2);
    }
    for (let level = 0; level < 64; level++) structure.word(2);
  });
  expect(bytes.length).toBeLessThan(4_000_000);
  expect(readFdt(bytes)).toMatchObject({ problem: { kind: 'limit' } });
});

test('reads 64 MiB of FDT_NOP, and refuses one byte more', { timeout: SECONDS * 1000 }, () => {
  const sized = (length: number): Uint8Array => {
    const bytes = new Uint8Array(length);
    bytes.set(writeFdt(deviceTree({ p: true })).subarray(0, 56));
    const view = new DataView(bytes.buffer);
    const end = length - (length % 4) - 4;
    for (let at = 56; at < end; at += 4) view.setUint32(at, 4);
    [1, 0, 2].forEach((word, index) => view.setUint32(56 + index * 4, word));
    view.setUint32(end, 9);
    view.setUint32(4, length);
    view.setUint32(12, end + 4);
    view.setUint32(32, 0);
    view.setUint32(36, end + 4 - 56);
    return bytes;
  };
  expect(readFdt(sized(64 * 1024 * 1024))).toHaveProperty('tree');
  expect(readFdt(sized(64 * 1024 * 1024 + 1))).toMatchObject({ problem: { kind: 'limit', offset: 4 } });
});
