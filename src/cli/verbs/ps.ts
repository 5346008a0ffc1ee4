import type { Assignment } from '../../model/index.ts';
import type { StateDirectory } from '../../runtime/project/state-directory.ts';
import { ExitStatus } from '../exit-status.ts';
import { table } from '../table.ts';
import { stateDirectoryOf } from '../state-of.ts';
import type { Verb } from '../verb.ts';

/** Lists the projects that are recorded on this machine, or on the simulated one. */
export const verb: Verb = {
  name: 'ps',
  summary: 'list running projects, their devices and who holds them',
  configure: (command) => {
    command.option('-o, --output <format>', 'table or json', 'table');
  },
  run: async (invocation) => {
    const { options, terminal } = invocation;
    const state = stateDirectoryOf(invocation);
    if (state.isHidden()) {
      terminal.err(`This user may not look into the state directory ${state.path}; its projects are not shown.\n`);
    }
    const rows = await projectRows(state);
    if (options['output'] === 'json') {
      terminal.out(`${JSON.stringify({ format_version: 1, projects: rows }, null, 2)}\n`);
      return ExitStatus.done;
    }
    const lines = rows.flatMap((row) =>
      row.devices.map((device) => [
        row.name,
        row.status,
        device.vm,
        device.device,
        device.address,
        device.group === null ? 'NO IOMMU' : String(device.group),
        device.driver,
        row.pid === null ? '-' : String(row.pid),
        device.heldBy.map((holder) => `${holder.command} (${holder.pid})`).join(', ') || '-',
      ]),
    );
    terminal.out(table(['PROJECT', 'STATUS', 'VM', 'DEVICE', 'ADDRESS', 'GROUP', 'DRIVER', 'PID', 'HELD BY'], lines));
    for (const row of rows) {
      for (const left of row.left) terminal.err(`${row.name}: ${left.resource}: ${left.explanation}\n`);
    }
    return ExitStatus.done;
  },
};

async function projectRows(state: StateDirectory) {
  const { recordedProjects, statusOfRecord } = await import('../../runtime/project/running.ts');
  const { nodeHolders, nodeOf } = await import('../../runtime/project/holders.ts');
  return recordedProjects(state).map((record) => {
    const holders = record.hostFile === null ? nodeHolders() : new Map<string, never[]>();
    const heldBy = (entry: Assignment) => (holders.size === 0 ? [] : (holders.get(nodeOf(entry) ?? '') ?? []));
    return {
      name: record.name,
      status: statusOfRecord(record),
      pid: record.owner?.pid ?? null,
      since: record.since,
      host: record.hostFile,
      devices: record.assignments.map((entry) => ({ ...entry, heldBy: heldBy(entry) })),
      left: record.left,
    };
  });
}
