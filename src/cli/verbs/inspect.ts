import { indexHost, nearNames, parseBdf } from '../../model/index.ts';
import type { HostDevice, HostIndex } from '../../model/index.ts';
import { renderDevices, renderGroups } from '../../render/inventory.ts';
import type { InventoryPaint } from '../../render/inventory-columns.ts';
import { ExitStatus } from '../exit-status.ts';
import { type Invocation, UsageError, type Verb } from '../verb.ts';
import { loadHost } from './load-host.ts';

/** Shows what the host has. Needs no privileges, and shows less without them. */
export const verb: Verb = {
  name: 'inspect',
  summary: 'show devices by IOMMU group, and what stands in the way of assigning them',
  configure: (command) => {
    command
      .argument('[what]', 'groups (the default), devices, or one device: address, network interface or disk')
      .option('-o, --output <format>', 'table or json', 'table');
  },
  run: async (invocation) => {
    const { args, options, terminal } = invocation;
    const [what = 'groups'] = args;
    const format = options['output'] ?? 'table';
    if (format !== 'table' && format !== 'json')
      throw new UsageError(`-o takes table or json, not "${String(format)}"`);
    const loaded = await loadHost(invocation, { identifiers: false });
    if ('status' in loaded) return loaded.status;
    const host = indexHost(loaded.inventory);
    const wanted = what === 'groups' || what === 'devices' ? undefined : findDevice(host, what);
    if (wanted === 'absent') {
      terminal.err(`vfio-compose inspect: ${absenceOf(host, what)}\n`);
      return ExitStatus.hostCannot;
    }
    if (format === 'json') {
      const { inventoryDocument } = await import('../inventory-document.ts');
      terminal.out(`${JSON.stringify(inventoryDocument(host, wanted), null, 2)}\n`);
      return ExitStatus.done;
    }
    const paint = await paintFor(invocation);
    if (wanted) {
      const { renderDevice } = await import('../../render/inventory-device.ts');
      terminal.out(renderDevice(host, wanted, paint));
    } else {
      terminal.out(what === 'devices' ? renderDevices(host, paint) : renderGroups(host, paint));
    }
    return ExitStatus.done;
  },
};

async function paintFor({ terminal }: Invocation): Promise<InventoryPaint | undefined> {
  if (!terminal.colour('out')) return undefined;
  const { default: picocolors } = await import('picocolors');
  const { bold, yellow } = picocolors.createColors(true);
  return { heading: bold, problem: yellow };
}

const diskName = (text: string): string => text.replace(/^\/dev\//, '');

/** By PCI address, network interface, or disk, with or without /dev/. */
function findDevice({ byAddress }: HostIndex, text: string): HostDevice | 'absent' {
  const address = parseBdf(text);
  if (address) return byAddress.get(address) ?? 'absent';
  for (const device of byAddress.values()) {
    const names = [...device.netdevs, ...device.blocks].map(({ name }) => name);
    if (names.includes(diskName(text))) return device;
  }
  return 'absent';
}

function absenceOf({ byAddress }: HostIndex, text: string): string {
  const devices = [...byAddress.values()];
  const names = devices.flatMap((one) => [
    one.address as string,
    ...one.netdevs.map(({ name }) => name),
    ...one.blocks.map(({ name }) => name),
  ]);
  const near = nearNames(diskName(text), ['groups', 'devices', ...names]);
  const hint = near.length === 0 ? '"vfio-compose inspect devices" lists them all.' : `Near it: ${near.join(', ')}.`;
  return `this host has no device "${text}": no such PCI address, network interface or disk. ${hint}`;
}
