import { defineDiagnostic } from '../../model/index.ts';

export const deviceNotFound = defineDiagnostic({
  code: 'device-not-found',
  severity: 'error',
  category: 'host',
  summary: 'The host has no such device',
  explanation: `A manifest names devices that the host must have when the plan is made.

The devices that come near are listed: on the same bus or in the same slot, with an address that differs in one digit,
of the same vendor, or with a similar name. Compare them with \`vfio-compose inspect devices\`. PCI bus numbers change
when cards are added: select by \`topology\`, \`serial\` or \`id\` where that matters, and guard an address with
\`expect\`. A device that may be absent is \`optional: true\`.

The names of network interfaces and disks are gone while their device is bound to VFIO.

A platform device has more names than one: its path in the device tree, an alias or a label of the tree (\`&label\`),
what Linux calls it (\`ls /sys/bus/platform/devices\`), its path below /sys.`,
});

export const vfOfSameProject = defineDiagnostic({
  code: 'vf-of-same-project',
  severity: 'error',
  category: 'manifest',
  summary: 'A virtual function is assigned by the project that makes it',
  explanation: `A plan says which IOMMU group each device is in, and is made before anything of the host changes. A VF that does not
exist yet has no group: which one it gets depends on what the bridges above it isolate, and the kernel decides when it
makes the VF. Its address can be told before, its group cannot.

Write two projects: one with \`virtualFunctions\`, which is brought up first, and one that assigns the VFs. They go down in
the other order: VFs that somebody uses stay.`,
});

export const nodeWithoutDevice = defineDiagnostic({
  code: 'node-without-device',
  severity: 'error',
  category: 'host',
  summary: 'The node of the device tree has no Linux device',
  explanation: `VFIO works on a Linux device, not on a node of the device tree. Linux makes a device of a node at boot if the
node is switched on (\`status\`), has a \`compatible\`, and stands at the root or below a bus (\`simple-bus\`, \`simple-mfd\`,
\`isa\`, \`arm,amba-bus\`): of_platform_default_populate in drivers/of/platform.c. On PowerPC the board's own table decides.
What stands below a device that is no bus becomes a device only if the driver of that device makes one.

The finding says which of these it is. A node that only describes a part of a device goes with that device: assign the
device, and choose its parts with \`children\`. A child that a driver makes (the job rings of a CAAM) exists as long as
that driver is bound.`,
});

export const deviceAmbiguous = defineDiagnostic({
  code: 'device-ambiguous',
  severity: 'error',
  category: 'manifest',
  summary: 'Several devices match',
  explanation: `An entry without \`all: true\` stands for one device; which one must not be left to chance.

A short path in the device tree may mean several nodes (\`/soc/serial\`): write the unit address.

Every match is listed. Name one of them by its address (\`pci\`), or narrow an \`id\` or \`class\` with \`index\` (the
order is that of the addresses) or \`slot\` (the physical slot), or take every match with \`all: true\`.`,
});

export const deviceChanged = defineDiagnostic({
  code: 'device-changed',
  severity: 'error',
  category: 'safety',
  summary: 'Another device than expected is there',
  explanation: `\`expect\` says what must be found. What was found differs, so another device may have moved to this
address: PCI buses are renumbered when cards are added or firmware settings change.

Find where the device went with \`vfio-compose inspect devices\` and name its new place, or correct \`expect\` if the
change was meant.`,
});

export const optionalDeviceAbsent = defineDiagnostic({
  code: 'optional-device-absent',
  severity: 'note',
  category: 'host',
  summary: 'An optional device is left out',
  explanation: `The entry has \`optional: true\` and the host has no such device, so the plan is made without it.`,
});

export const vmWithoutDevices = defineDiagnostic({
  code: 'vm-without-devices',
  severity: 'error',
  category: 'host',
  summary: 'Nothing is left of a VM',
  explanation: `Every device of the VM is \`optional\` and the host has none of them. A container without a group can
have no IOMMU and no mapping (the kernel takes SET_IOMMU only after the first group), so nothing could be set up.

Remove \`optional\` from the device that the VM cannot do without, or remove the VM.`,
});

export const bridgeWithoutDevices = defineDiagnostic({
  code: 'bridge-without-devices',
  severity: 'error',
  category: 'host',
  summary: 'Nothing is below the bridge',
  explanation: `Naming a bridge takes every endpoint below it, at any depth; the bridge itself stays with the host, since
VFIO takes endpoints only. There is no endpoint below this one: the slot is empty or its device is switched off.

Name another bridge, or the device itself. \`vfio-compose inspect devices\` shows what is where.`,
});

export const malformedAddress = defineDiagnostic({
  code: 'malformed-pci-address',
  severity: 'error',
  category: 'manifest',
  summary: 'This is not a PCI address',
  explanation: `A PCI address is \`domain:bus:device.function\` in hexadecimal, as \`lspci -D\` prints it:
\`0000:01:00.0\`. The domain may be left out (then it is 0000). The device is at most 1f and the function at most 7.

A plain string that is no PCI address may also be a platform device: a path in the device tree, an alias, or its Linux
name.`,
});

export const serialUnknown = defineDiagnostic({
  code: 'serial-unknown',
  severity: 'error',
  category: 'host',
  summary: 'No serial numbers are known',
  explanation: `The manifest asks for a serial number, and the inventory that the plan is made from has none.

A snapshot leaves serial numbers and MAC addresses out unless they are asked for: take it again with
\`vfio-compose capture --identifiers\`. On a live host, reading a PCI device's serial number needs root.`,
});
