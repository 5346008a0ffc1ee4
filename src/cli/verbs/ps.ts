import type { StateDirectory } from '../../runtime/project/state-directory.ts';
import { ExitStatus } from '../exit-status.ts';
import { processRows, processTable } from '../process-table.ts';
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
    const { rows, broken } = await projectRows(state);
    for (const { message } of broken) terminal.err(`vfio-compose ps: ${message}\n`);
    const status = broken.length > 0 ? ExitStatus.refusedForSafety : ExitStatus.done;
    if (options['output'] === 'json') {
      terminal.out(`${JSON.stringify({ format_version: 1, projects: rows }, null, 2)}\n`);
      return status;
    }
    const { heldByText } = await import('../device-rows.ts');
    const { problemText } = await import('../../runtime/project/look-at-devices.ts');
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
        heldByText(device.heldBy),
        device.problem === null ? '-' : problemText(device.problem),
      ]),
    );
    terminal.out(table(COLUMNS, lines));
    const processes = processTable(rows);
    if (processes !== undefined) terminal.out(`\n${processes}`);
    for (const row of rows) {
      for (const left of row.left) terminal.err(`${row.name}: ${left.resource}: ${left.explanation}\n`);
    }
    return status;
  },
};

const COLUMNS = ['PROJECT', 'STATUS', 'VM', 'DEVICE', 'ADDRESS', 'GROUP', 'DRIVER', 'PID', 'HELD BY', 'PROBLEM'];

async function projectRows(state: StateDirectory) {
  const { recordedProjects, statusOfRecord } = await import('../../runtime/project/running.ts');
  const { DeviceRows } = await import('../device-rows.ts');
  const { records, broken } = recordedProjects(state);
  const devices = new DeviceRows(state);
  const rows = await Promise.all(
    records.map(async (record) => ({
      name: record.name,
      status: statusOfRecord(record),
      pid: record.owner?.pid ?? null,
      since: record.since,
      host: record.hostFile,
      devices: await devices.of(record),
      processes: processRows(state.project(record.name)),
      left: record.left,
    })),
  );
  return { rows, broken };
}
