import { describeKind, nameOf } from '../../../model/index.ts';
import type { HostDevice, HostIndex, Related, ResolvedDevice } from '../../../model/index.ts';

const MEMBERS_LISTED = 32;

/**
 * A whole group as lines below a diagnostic (R-GROUP-2): each member with its class in words, its driver, and who would
 * hold it once the plan is done.
 */
export function showGroup(
  host: HostIndex,
  group: number,
  planned: ReadonlyMap<string, readonly ResolvedDevice[]>,
): Related[] {
  const members = host.members.get(group) ?? [];
  const lines = members.slice(0, MEMBERS_LISTED).map((member): Related => {
    const [entry] = planned.get(member.address) ?? [];
    const driver = member.driver === null ? 'no driver' : `driver ${member.driver}`;
    const message = `group ${group}: ${member.address} ${describeKind(member)}, ${driver}: ${keeper(member, entry)}`;
    return entry ? { message, at: entry.selectorAt } : { message };
  });
  const more = members.length - lines.length;
  return more > 0 ? [...lines, { message: `group ${group}: … and ${more} more` }] : lines;
}

function keeper(member: HostDevice, entry: ResolvedDevice | undefined): string {
  if (entry) return entry.use === 'assign' ? `goes to ${nameOf(entry)}` : 'loses its driver and is held by nobody';
  if (member.driver === null) return 'held by nobody';
  return member.bus === 'pci' && member.header === 'bridge' ? 'a bridge, stays with the host' : 'stays with the host';
}
