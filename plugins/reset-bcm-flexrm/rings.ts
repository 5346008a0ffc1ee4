import { defineDiagnostic, type PluginLaw, type ResetLawContext, type ResetTarget } from 'vfio-compose/plugin';
import { RING_SIZE } from './registers.ts';

export const noRings = defineDiagnostic({
  code: 'flexrm-rings-unknown',
  severity: 'error',
  category: 'host',
  summary: 'The registers of the FlexRM hold no whole ring',
  explanation: `A FlexRM has a ring for each 64 KiB of its registers (\`reg\` in the device tree), and the reset silences ring by ring.
The tree of this host says of no such registers, so nothing would be silenced. The native driver refuses such a device as
well (drivers/mailbox/bcm-flexrm-mailbox.c, ENODEV).

Correct \`reg\` of the node: the binding (brcm,iproc-flexrm-mbox) has the base and the size of all rings.`,
});

/** How many rings region 0 has room for. Which of them exist is seen in their VER. */
export function ringsOf({ regions }: Pick<ResetTarget, 'regions'>): number {
  const size = regions.find(({ index }) => index === 0)?.size ?? null;
  return size === null ? 0 : Math.floor(Number(size) / RING_SIZE);
}

/** A device of which nothing would be silenced is not taken for a silent one (R-RESET-4). */
export const ringsAreKnown: PluginLaw<ResetLawContext> = {
  id: 'flexrm-rings-known',
  reports: [noRings],
  check({ target, entry }) {
    if (ringsOf(target) > 0) return [];
    const size = target.regions.find(({ index }) => index === 0)?.size ?? null;
    const has = size === null ? 'has no region whose size is known' : `has a region of ${size} bytes`;
    const detail = `${target.device.address} ${has}, and a ring of the FlexRM takes ${RING_SIZE}: there is nothing that its reset could silence. Correct "reg" of its node in the device tree.`;
    return [noRings({ detail, at: entry.selectorAt })];
  },
};
