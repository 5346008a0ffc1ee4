import { Option } from 'commander';
import { type HostIndex, indexHost, isPci } from '../../model/index.ts';
import type { InventoryPaint } from '../../render/inventory-columns.ts';
import { ExitStatus } from '../exit-status.ts';
import type { Inspected } from '../find-inspected.ts';
import { type Invocation, UsageError, type Verb } from '../verb.ts';
import { loadHost } from './load-host.ts';

/** Shows what the host has. Needs no privileges but for `--check`, and shows less without them. */
export const verb: Verb = {
  name: 'inspect',
  summary: 'show devices by IOMMU group, and what stands in the way of assigning them',
  configure: (command) => {
    command
      .argument(
        '[what]',
        'groups (the default), devices, or one device: address, interface, disk, or a name in the device tree',
      )
      .addOption(new Option('-o, --output <format>', 'table or json').choices(['table', 'json']).default('table'))
      .option(
        '--check',
        'open the platform device, which must be bound to VFIO, and compare its table with what the kernel says',
      );
  },
  run: async (invocation) => {
    const { args, options, terminal } = invocation;
    const [what = 'groups'] = args;
    const format = options['output'] ?? 'table';
    if (format !== 'table' && format !== 'json')
      throw new UsageError(`-o takes table or json, not "${String(format)}"`);
    const isList = what === 'groups' || what === 'devices';
    const check = options['check'] === true;
    if (check && (isList || format === 'json')) throw new UsageError('--check is for one device, and prints text');
    const loaded = await loadHost(invocation, { identifiers: false });
    if ('status' in loaded) return loaded.status;
    const host = indexHost(loaded.inventory);
    if (isList) return showList(invocation, host, what, format);
    const { findInspected } = await import('../find-inspected.ts');
    const found = findInspected(host, what);
    if (found.kind === 'absent') {
      terminal.err(`vfio-compose inspect: ${found.message}\n`);
      return ExitStatus.hostCannot;
    }
    await showOne(invocation, host, found, format);
    if (!check) return ExitStatus.done;
    const { checkTable } = await import('../check-table.ts');
    return checkTable(invocation, host, found);
  },
};

async function showList(
  { terminal }: Invocation,
  host: HostIndex,
  what: 'groups' | 'devices',
  format: 'table' | 'json',
): Promise<number> {
  if (format === 'json') {
    const { inventoryDocument } = await import('../inventory-document.ts');
    terminal.out(json(inventoryDocument(host)));
    return ExitStatus.done;
  }
  const { renderDevices, renderGroups } = await import('../../render/inventory.ts');
  const paint = await paintFor(terminal);
  terminal.out(what === 'devices' ? renderDevices(host, paint) : renderGroups(host, paint));
  return ExitStatus.done;
}

async function showOne(
  { terminal }: Invocation,
  host: HostIndex,
  found: Exclude<Inspected, { kind: 'absent' }>,
  format: 'table' | 'json',
): Promise<void> {
  if (format === 'json') {
    const { inventoryDocument, nodeDocument } = await import('../inventory-document.ts');
    const document =
      found.kind === 'device' ? inventoryDocument(host, found.device) : nodeDocument(host, found.node, found.why);
    return terminal.out(json(document));
  }
  const paint = await paintFor(terminal);
  if (found.kind === 'device' && isPci(found.device)) {
    const { renderDevice } = await import('../../render/inventory-device.ts');
    const { iommuLines } = await import('../iommu-lines.ts');
    return terminal.out(renderDevice(host, found.device, await iommuLines(found.device, host), paint));
  }
  const { platformReport } = await import('../../render/platform/report.ts');
  const { renderPlatform } = await import('../../render/platform/text.ts');
  if (found.kind === 'node') {
    return terminal.out(renderPlatform(host, platformReport(host, found.node), found.why, paint));
  }
  if (!isPci(found.device)) {
    terminal.out(renderPlatform(host, platformReport(host, found.device), null, paint));
  }
}

const json = (document: object): string => `${JSON.stringify(document, null, 2)}\n`;

async function paintFor(terminal: Invocation['terminal']): Promise<InventoryPaint | undefined> {
  if (!terminal.colour('out')) return undefined;
  const { default: picocolors } = await import('picocolors');
  const { bold, yellow } = picocolors.createColors(true);
  return { heading: bold, problem: yellow };
}
