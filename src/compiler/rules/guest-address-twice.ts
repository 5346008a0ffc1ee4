import { defineDiagnostic, nameOf, titleOf } from '../../model/index.ts';
import type { Rule } from './rule.ts';
import { groupBy, isPciEntry } from './shared/assignments.ts';

export const guestAddressTwice = defineDiagnostic({
  code: 'guest-address-twice',
  severity: 'error',
  category: 'manifest',
  summary: 'Two devices are to stand at one guest address',
  explanation: `\`guest: {address}\` is where the VM sees the device; two devices cannot stand there. An entry that stands for
several devices (\`all: true\`, or a bridge) cannot give them one address either: leave the address out, so that the VMM
chooses, or give each device an entry of its own.`,
});

/** A guest address belongs to one device of a VM. */
export const guestAddressTwiceRule: Rule = {
  id: 'guest-address-twice',
  reports: [guestAddressTwice],
  check({ manifest }) {
    return manifest.vms.flatMap((vm) => {
      const placed = vm.devices.filter(isPciEntry).filter((entry) => entry.guest.address !== null);
      return [...groupBy(placed, (entry) => entry.guest.address)].flatMap(([address, [first, second]]) => {
        if (!first || !second || first.device === second.device) return [];
        const detail = `${titleOf(second)} is to stand at the guest address ${address}, and so is ${nameOf(first)}. Leave the address out of one, or choose another.`;
        return [guestAddressTwice({ detail, at: second.at, related: [{ message: 'the other one', at: first.at }] })];
      });
    });
  },
};
