import { defineDiagnostic } from '../../model/index.ts';

export const keyNotForBus = defineDiagnostic({
  code: 'key-not-for-bus',
  severity: 'error',
  category: 'manifest',
  summary: 'The key is for devices of another bus',
  explanation: `Some keys of a device have a meaning on one bus only. Devices of a device tree (platform, AMBA) have
\`children\`, \`regions\`, \`ranges\`, \`interruptMap\`, \`guest.base\`, \`guest.interrupt\` and \`irqs[].unmask\`; PCI functions have
\`guest.placement\`, \`guest.address\`, more than one vector in \`irqs[].count\`, and the ids and classes that \`expect\` can
ask for. On the other bus such a key would do nothing, and a demand that does nothing is worse than none.

Leave the key out, or look whether the entry names the device that is meant.`,
});

export const irqUnknown = defineDiagnostic({
  code: 'irq-unknown',
  severity: 'error',
  category: 'manifest',
  summary: 'The device has no such interrupt',
  explanation: `The interrupts of a PCI function are named by their kind: \`intx\`, \`msi\`, \`msix\`, \`err\`, \`req\`. Those of a platform
device are named by their position in \`interrupts\` (or \`interrupts-extended\`), from 0, or by their name in
\`interrupt-names\`. Linux stops counting at the first that it cannot follow to its controller (platform_irq_count in
drivers/base/platform.c), and an AMBA device has at most nine.

\`vfio-compose inspect DEVICE\` lists the interrupts of a device with positions, names and controllers.`,
});

export const regionUnknown = defineDiagnostic({
  code: 'region-unknown',
  severity: 'error',
  category: 'manifest',
  summary: 'The device has no such region',
  explanation: `A region is named by its position in the node's \`reg\`, from 0, or by its name in \`reg-names\`. Linux stops counting
at the first entry that it cannot translate to an address of the CPU (of_address_count, drivers/of/platform.c), and an
AMBA device has one region. \`ranges\` are no regions: they only translate the addresses of children.

\`vfio-compose inspect DEVICE\` lists the regions of a device with positions, names and addresses.`,
});

export const childNotFound = defineDiagnostic({
  code: 'child-not-found',
  severity: 'error',
  category: 'manifest',
  summary: 'The device has no such child',
  explanation: `\`children\` chooses among the nodes below the device's own in the device tree: by name with unit address (\`jr@1000\`),
by name alone where one child has it, by names one below the other (\`port@0/phy\`), or by the path or label of a node. A
name that matches nothing is refused: a child that should have been excluded would otherwise go along.

The children of the node, or those with a near name, are listed.`,
});

export const childAmbiguous = defineDiagnostic({
  code: 'child-ambiguous',
  severity: 'error',
  category: 'manifest',
  summary: 'Several children have the name',
  explanation: `A name without unit address stands for a child where only one has it. Which of several is meant must not be left
to chance: write the unit address (\`jr@1000\`), or list each of them.`,
});

export const childSplit = defineDiagnostic({
  code: 'child-split',
  severity: 'error',
  category: 'manifest',
  summary: 'A device and its child go to different owners',
  explanation: `All children of a device-tree node go with it unless \`children\` excludes them, and this one has an entry of its own
in another VM. It cannot have two owners.

Exclude it from its parent (\`children: {exclude: [...]}\`), if their registers share no page; or give both to one VM.`,
});
