import { defineDiagnostic, type PluginLaw, type ResetLawContext } from 'vfio-compose/plugin';

export const addressLost = defineDiagnostic({
  code: 'xgmac-address-lost',
  severity: 'warning',
  category: 'host',
  summary: 'A soft reset makes the device forget its MAC address and its speed',
  explanation: `With \`softReset: true\` the registers of the XGMAC are reset as well. Its MAC address is among them, and so is the
speed that the firmware of the board has chosen. The native driver (drivers/net/ethernet/calxeda/xgmac.c) reads the address from
the device when it takes it, and saves the speed across its own reset; a reset program cannot save anything.

So the guest, and after \`down\` the host, may find a device without an address, at 10 Gb/s. Leave \`softReset\` out, or give
the interface an address where it is used (\`ip link set dev eth1 address ...\`).`,
});

/** After `down` the host is as before `up` (R-BACK-1): not so the address of a device that was reset wholly. */
export const addressIsKept: PluginLaw<ResetLawContext> = {
  id: 'xgmac-address-kept',
  reports: [addressLost],
  check({ target, entry, options }) {
    if (options['softReset'] !== true) return [];
    const detail = `${target.device.address} is reset with softReset: it forgets its MAC address and its speed, and the host gets it back without them. Leave softReset out, or set the address anew where the interface is used.`;
    return [addressLost({ detail, at: entry.selectorAt })];
  },
};
