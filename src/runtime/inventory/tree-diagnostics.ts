import { defineDiagnostic } from '../../model/index.ts';

export const deviceTreeUnreadable = defineDiagnostic({
  code: 'device-tree-unreadable',
  severity: 'error',
  category: 'host',
  summary: 'The device-tree file cannot be read',
  explanation: `A file given with \`--dtb\` or \`--dtbo\` could not be opened as a regular file. Check its name, which
is taken relative to the working directory, and its permissions. A running machine has its blob at
\`/sys/firmware/fdt\`, readable for root alone; \`vfio-compose capture\` on that machine reads the tree that the kernel
works with, and needs no blob.`,
});

export const deviceTreeTooLarge = defineDiagnostic({
  code: 'device-tree-too-large',
  severity: 'error',
  category: 'host',
  summary: 'The device tree is larger than any real one',
  explanation: `A blob may have at most 64 MiB, a node at most 4096 properties and a path of 4096 characters, and the
value of a property at most 2 MiB. The largest tree in the Linux sources has about 300 KiB. An image that carries
kernels and trees together (a FIT image, which has the same format) is not a device tree: take the tree out of it, for
instance with \`dumpimage\`.`,
});

export const deviceTreeMalformed = defineDiagnostic({
  code: 'device-tree-malformed',
  severity: 'error',
  category: 'host',
  summary: 'The file is not a well-formed device-tree blob',
  explanation: `\`--dtb\` takes a flattened device tree (\`.dtb\`) of version 16 or 17, as the Devicetree
Specification defines it and as \`dtc -I dts -O dtb\` writes it. The message names the place in bytes from the start of
the file. Source (\`.dts\`) has to be compiled first; a blob that was cut short has to be copied again. What \`dtc\`,
libfdt and Linux read differently, such as two nodes of one name, is refused, since a plan would be for a tree that the
kernel does not see.`,
});

export const overlayMalformed = defineDiagnostic({
  code: 'overlay-malformed',
  severity: 'error',
  category: 'host',
  summary: 'The file is not a well-formed overlay',
  explanation: `\`--dtbo\` takes a compiled overlay (\`dtc -@ -I dts -O dtb\`), which is a blob of the same format as a
device tree. The message names the place in bytes from the start of the file. Compile the overlay again, or copy it
again where it was cut short.`,
});

export const overlayDoesNotApply = defineDiagnostic({
  code: 'overlay-does-not-apply',
  severity: 'error',
  category: 'host',
  summary: 'The overlay does not fit the device tree',
  explanation: `Overlays are applied in the order of the command line, each to what the ones before it left, as
\`fdtoverlay\` does. This one refers to a label or a node that the tree does not have, or it is a whole tree. An overlay
that refers to labels needs a base that was compiled with \`dtc -@\`, so that it has \`/__symbols__\`. Check that the
overlay is for this board, and the order.`,
});
