import { endianness, networkInterfaces } from 'node:os';
import type { HostFiles } from './host-files.ts';
import { HostPath } from './host-paths.ts';

export interface AddressedInterfaces {
  /** Interfaces with an IP address that is not link-local. */
  readonly withAddress: ReadonlySet<string>;
  readonly withDefaultRoute: ReadonlySet<string>;
}

/** RTF_REJECT of include/uapi/linux/route.h: the unreachable default that every IPv6 host has on `lo`. */
const RTF_REJECT = 0x0200;

/**
 * Which interfaces carry addresses and default routes, from /proc. The kernel lists IPv4 addresses there only through
 * the route to their own network, which an address with a /32 mask lacks; on the live host the C library is asked too.
 */
export function readAddressedInterfaces(files: HostFiles): AddressedInterfaces {
  const withAddress = new Set<string>();
  const withDefaultRoute = new Set<string>();
  parseRoutes(files.text(HostPath.routes) ?? '', withAddress, withDefaultRoute);
  parseAddresses6(files.text(HostPath.addresses6) ?? '', withAddress);
  parseRoutes6(files.text(HostPath.routes6) ?? '', withDefaultRoute);
  if (files.root === '') askLibrary(withAddress);
  return { withAddress, withDefaultRoute };
}

/** /proc/net/route: interface, destination, gateway, flags, …, mask; addresses as hexadecimal words of the host. */
function parseRoutes(text: string, withAddress: Set<string>, withDefaultRoute: Set<string>): void {
  for (const line of text.split('\n').slice(1)) {
    const [name, destination, gateway, , , , , mask] = line.split(/\s+/);
    if (name === undefined || destination === undefined || mask === undefined) continue;
    if (destination === '00000000' && mask === '00000000') withDefaultRoute.add(name);
    else if (gateway === '00000000' && !isLinkLocal4(destination)) withAddress.add(name);
  }
}

/** 169.254.0.0/16. */
function isLinkLocal4(word: string): boolean {
  const bytes = word.match(/../g) ?? [];
  if (endianness() === 'LE') bytes.reverse();
  return bytes[0] === 'A9' && bytes[1] === 'FE';
}

/** /proc/net/if_inet6: address, index, prefix, scope, flags, interface. Scope 20 is the link, 10 the host. */
function parseAddresses6(text: string, withAddress: Set<string>): void {
  for (const line of text.split('\n')) {
    const [, , , scope, , name] = line.trim().split(/\s+/);
    if (name !== undefined && scope !== '20' && scope !== '10') withAddress.add(name);
  }
}

/** /proc/net/ipv6_route: destination and its prefix first, flags and interface last. */
function parseRoutes6(text: string, withDefaultRoute: Set<string>): void {
  for (const line of text.split('\n')) {
    const fields = line.trim().split(/\s+/);
    const [destination, prefix] = fields;
    const name = fields.at(-1);
    if (destination === undefined || !/^0{32}$/.test(destination) || prefix !== '00' || name === undefined) continue;
    if (name !== 'lo' && (Number.parseInt(fields.at(-2) ?? '0', 16) & RTF_REJECT) === 0) withDefaultRoute.add(name);
  }
}

function askLibrary(withAddress: Set<string>): void {
  try {
    for (const [name, addresses] of Object.entries(networkInterfaces())) {
      const carries = addresses?.some(({ address }) => !/^(?:169\.254\.|fe[89ab])/i.test(address));
      // Labels (`eth0:1`) belong to the interface before the colon.
      if (carries) withAddress.add(name.split(':')[0] ?? name);
    }
  } catch {
    // A sandbox may forbid netlink; what /proc said stands.
  }
}
