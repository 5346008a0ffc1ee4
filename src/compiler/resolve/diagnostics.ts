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

The names of network interfaces and disks are gone while their device is bound to VFIO.`,
});

export const deviceAmbiguous = defineDiagnostic({
  code: 'device-ambiguous',
  severity: 'error',
  category: 'manifest',
  summary: 'Several devices match',
  explanation: `An entry without \`all: true\` stands for one device; which one must not be left to chance.

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
\`0000:01:00.0\`. The domain may be left out (then it is 0000). The device is at most 1f and the function at most 7.`,
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
