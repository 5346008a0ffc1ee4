import type { SnapshotNode } from '../../model/index.ts';

/**
 * Nodes whose properties are named by labels and aliases: `serial0` there is the name of a port, and no serial number.
 */
const TABLES: ReadonlySet<string> = new Set(['/aliases', '/__symbols__', '/__fixups__']);

/** Properties that name this one machine: serial numbers, MAC addresses, UUIDs. */
const IDENTIFIERS: ReadonlySet<string> = new Set([
  'serial-number',
  'serial#',
  'serialno',
  'board-serial',
  'board-serial-number',
  'system-id',
  'asset-tag',
  'local-mac-address',
  'mac-address',
  'bd-address',
  'local-bd-address',
  'vm,uuid',
  'ibm,partition-uuid',
]);

/** Parts of a name that mean a secret: what the boot program or firmware hands to the kernel for its random numbers and keys. */
const SECRET = /(?:^|[-_,])(?:seeds?|keys?|password|passphrase|psk|secrets?|token)(?:[-_,]|$)/;

/**
 * Whether a property of a device tree identifies the machine or is a secret, so that a capture has it only when asked:
 * serial numbers, MAC addresses, seeds of random numbers, keys; `bootargs`, where people put passwords; and what the
 * kernel itself hides from other users (`security-…`, drivers/of/kobj.c).
 */
export const isIdentifying = (path: string, property: string): boolean =>
  !TABLES.has(path) &&
  (IDENTIFIERS.has(property) ||
    property === 'bootargs' ||
    property === 'bootargs-append' ||
    property.startsWith('security-') ||
    SECRET.test(property));

/** The nodes of a tree without what identifies the machine. */
export const withoutIdentifiers = (nodes: readonly SnapshotNode[]): SnapshotNode[] =>
  nodes.map((node) => {
    const names = Object.keys(node.properties);
    if (!names.some((name) => isIdentifying(node.path, name))) return node;
    const kept = Object.entries(node.properties).filter(([name]) => !isIdentifying(node.path, name));
    return { path: node.path, properties: Object.fromEntries(kept) };
  });
