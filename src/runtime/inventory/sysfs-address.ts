import { parseBdf } from '../../model/index.ts';
import type { Bdf } from '../../model/index.ts';

/**
 * The PCI function that a device path runs through, the innermost one: what takes the device away when it leaves the
 * host. A disk on USB belongs to the USB controller.
 */
export function pciFunctionOf(devicePath: string): Bdf | undefined {
  const segments = devicePath.split('/');
  for (let index = segments.length - 1; index >= 0; index--) {
    const segment = segments[index] ?? '';
    // The colon keeps this cheap: most segments are names, and are not parsed.
    const address = segment.includes(':') ? parseBdf(segment) : undefined;
    if (address) return address;
  }
  return undefined;
}
