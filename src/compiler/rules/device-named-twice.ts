import { defineDiagnostic, nameOf } from '../../model/index.ts';
import type { Rule } from './rule.ts';
import { byAddress, everyDevice } from './shared/assignments.ts';

export const deviceNamedTwice = defineDiagnostic({
  code: 'device-named-twice',
  severity: 'error',
  category: 'manifest',
  summary: 'A device is named twice',
  explanation: `A device has one driver and one owner, so one entry of the manifest. Two entries can name the same device
without looking alike: by address and by network interface, or by a bridge and by what is below it. Both are resolved
to the device's real sysfs path, which is its one identity.

Remove one of the two entries that are shown.`,
});

/** One device, one entry (R-NAME-1: two names may be one device). */
export const deviceNamedTwiceRule: Rule = {
  id: 'device-named-twice',
  reports: [deviceNamedTwice],
  check({ manifest }) {
    return [...byAddress(everyDevice(manifest)).values()].flatMap(([first, ...rest]) =>
      rest.map((again) =>
        deviceNamedTwice({
          detail: `${nameOf(again)} is ${again.device.address}, and so is ${first ? nameOf(first) : ''}. A device can be given away once: remove one of the two entries.`,
          at: again.selectorAt,
          related: first ? [{ message: `named as ${nameOf(first)} here`, at: first.selectorAt }] : [],
        }),
      ),
    );
  },
};
