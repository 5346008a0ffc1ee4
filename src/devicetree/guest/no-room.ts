import { defineDiagnostic, type Diagnostic, hex, type Span } from '../../model/index.ts';
import { type NoRoom, PLATFORM_BUS } from './layout.ts';

const lastInterrupt = PLATFORM_BUS.firstInterrupt + PLATFORM_BUS.interrupts - 1;

export const guestWindowFull = defineDiagnostic({
  code: 'guest-window-full',
  severity: 'error',
  category: 'manifest',
  summary: 'There is no room left for a device in the guest',
  explanation: `\`plan -o dts\` places platform devices where QEMU's \`virt\` machine has its platform bus: 32 MiB from
${hex(PLATFORM_BUS.base)}, and the shared peripheral interrupts ${PLATFORM_BUS.firstInterrupt} to ${lastInterrupt}. Place what does not fit yourself, with
\`guest: {base: …}\` or \`guest: {interrupt: …}\`, where the machine of your VMM has nothing else.`,
});

/** The finding for a device that the layout has no place for. */
export function noRoomFor({ device, what, needs }: NoRoom, at: Span | undefined): Diagnostic {
  const key = what === 'addresses' ? 'base' : 'interrupt';
  const size = what === 'addresses' ? `${hex(needs)} bytes of addresses` : `${needs} interrupts`;
  const detail = `${device.name} needs ${size}, more than the platform bus of the guest has left. Say where it goes with "guest: {${key}: …}".`;
  return guestWindowFull({ detail, at });
}
