import { resolve } from 'node:path';
import { ExitStatus } from '../exit-status.ts';
import type { Verb } from '../verb.ts';
import { loadHost } from './load-host.ts';

/**
 * Takes a snapshot of the host. With `--host` it writes that snapshot again, in canonical form; with `--dtb`, what a
 * kernel would make of that blob.
 */
export const verb: Verb = {
  name: 'capture',
  summary: 'save what this host has, to plan for it elsewhere',
  configure: (command) => {
    command
      .option('-o, --output <file>', 'where to write it; standard output by default')
      .option(
        '--identifiers',
        'include serial numbers, MAC addresses, and the secrets of a device tree; the file is then for its owner only',
      );
  },
  run: async (invocation) => {
    const { options, terminal, global } = invocation;
    const identifiers = options['identifiers'] === true;
    const loaded = await loadHost(invocation, { identifiers });
    if ('status' in loaded) return loaded.status;
    const { inventory } = loaded;
    const output = options['output'];
    if (typeof output !== 'string' || output === '-') {
      const { snapshotText } = await import('../../runtime/inventory/snapshot-text.ts');
      terminal.out(snapshotText(inventory, { identifiers }));
      return ExitStatus.done;
    }
    const { writeSnapshot } = await import('../../runtime/inventory/write-snapshot.ts');
    const failure = writeSnapshot(resolve(terminal.cwd, output), inventory, { identifiers });
    if (failure !== undefined) {
      terminal.err(`vfio-compose capture: ${failure}\n`);
      return ExitStatus.failedAndRolledBack;
    }
    if (!global.quiet) {
      const { devices, groups } = inventory;
      terminal.err(`Saved ${devices.length} devices in ${groups.length} IOMMU groups to ${output}.\n`);
    }
    return ExitStatus.done;
  },
};
