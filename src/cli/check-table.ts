import { correlate, kernelNumbering } from '../devicetree/correlate.ts';
import { describeUsers, type DeviceRef, type HostIndex, isVfioDriver } from '../model/index.ts';
import { askDevice, type DeviceAnswer, groupNodeOf } from '../runtime/inspection/ask-device.ts';
import { compareTable } from '../runtime/inspection/compare.ts';
import { KernelError } from '../runtime/kernel/port.ts';
import type { Machine } from '../runtime/project/machine.ts';
import { openMachine } from '../runtime/project/open-machine.ts';
import { explainFailure, MalformedAnswer } from '../runtime/uapi/index.ts';
import { ExitStatus, statusOf } from './exit-status.ts';
import type { Inspected } from './find-inspected.ts';
import { stateDirectoryOf } from './state-of.ts';
import type { Invocation } from './verb.ts';

/**
 * Asks the kernel about a platform device that is bound to VFIO, and compares its answer with the device tree. Returns the
 * exit status: a disagreement is {@link ExitStatus.hostCannot}.
 */
export async function checkTable(invocation: Invocation, host: HostIndex, found: Inspected): Promise<number> {
  const { terminal } = invocation;
  const say = (text: string): void => terminal.err(`vfio-compose inspect: ${text}\n`);
  const device = found.kind === 'device' && found.device.bus !== 'pci' ? found.device : undefined;
  const bus = device?.bus === 'platform' || device?.bus === 'amba' ? device.bus : undefined;
  const node = device?.treePath ? host.tree?.byPath.get(device.treePath) : undefined;
  if (!device || !bus || !node || !host.tree) {
    say('--check compares a device with its node in the device tree, and this has not both.');
    return ExitStatus.usage;
  }
  if (device.driver === null || !isVfioDriver(device.driver)) {
    say(`${device.address} is not bound to VFIO, so the kernel cannot be asked. "vfio-compose up" binds it.`);
    return ExitStatus.hostCannot;
  }
  const { global } = invocation;
  const { value: machine, diagnostics } = await openMachine(global.host, terminal.cwd, stateDirectoryOf(invocation), {
    identifiers: false,
    tree: global.tree,
  });
  if (!machine) return statusOf(diagnostics);
  const answer = await ask(machine, { bus, address: device.address }, say);
  if (typeof answer === 'number') return answer;
  const table = correlate(host.tree, node, kernelNumbering(device.bus, host.inventory.vfio));
  const differences = compareTable(table, bus, answer);
  if (differences.length === 0) {
    terminal.out(`\nThe kernel agrees: regions ${answer.info.regions}, interrupts ${answer.info.irqs}.\n`);
    return ExitStatus.done;
  }
  for (const { about, tree, kernel } of differences) {
    say(`${device.address}: ${about}: the tree says ${tree}, the kernel ${kernel}.`);
  }
  return ExitStatus.hostCannot;
}

async function ask(machine: Machine, device: DeviceRef, say: (text: string) => void): Promise<DeviceAnswer | number> {
  const kernel = await machine.kernel();
  const node = groupNodeOf(kernel, device);
  if (node === null) {
    say(`${device.address} is in no group of VFIO, so there is nothing to open.`);
    return ExitStatus.hostCannot;
  }
  try {
    return await askDevice(kernel, device, node);
  } catch (error) {
    if (error instanceof MalformedAnswer) {
      say(`${device.address}: the kernel's answer cannot be read: ${error.message}.`);
      return ExitStatus.hostCannot;
    }
    if (!(error instanceof KernelError)) throw error;
    if (error.call === 'open' && error.code === 'EBUSY') {
      const users = describeUsers(machine.lookAtUses()(device));
      say(`${node} is held by ${users.join('; ') || 'another process'}. The table was not checked.`);
      return ExitStatus.locked;
    }
    say(`${error.message}. ${explainFailure(error) ?? 'The kernel log may say more.'}`);
    const mayNotOpen = error.call === 'open' && (error.code === 'EACCES' || error.code === 'EPERM');
    return mayNotOpen ? ExitStatus.privilege : ExitStatus.hostCannot;
  }
}
