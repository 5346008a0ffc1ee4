import { chmodSync, mkdirSync, readdirSync, readFileSync, renameSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { directoryWith } from '../../testing/directory.ts';
import { host } from '../../testing/index.ts';
import { snapshotText } from '../inventory/snapshot-text.ts';
import { simulatedMachine } from './simulated-machine.ts';
import { StateDirectory, StateDirectoryError } from './state-directory.ts';

const ADDRESS = '0000:31:00.0';
const TEXT = snapshotText(host().intelIommu().nic(ADDRESS, { group: 26 }).build(), { identifiers: false });

/** A snapshot, and the state of the host that it describes once its device was bound to vfio-pci. */
async function boundHost() {
  const root = directoryWith({ 'host.json': TEXT });
  const state = new StateDirectory(join(root, 'state'));
  state.ensure();
  const open = () => simulatedMachine(join(root, 'host.json'), state, []);
  const { value: machine } = await open();
  const kernel = await machine?.kernel();
  if (!machine || !kernel) throw new Error('the host of the test cannot be opened');
  await kernel.writeFile(`/sys/bus/pci/devices/${ADDRESS}/driver_override`, 'vfio-pci\n');
  await machine.save(kernel);
  const folder = join(state.path, '.simulated');
  const [name = ''] = readdirSync(folder);
  return { root, state, open, folder, kept: join(folder, name) };
}

it('finds a simulated host as it was left', async () => {
  const { open, kept } = await boundHost();
  expect(readFileSync(kept, 'utf8')).toContain('"driverOverride": "vfio-pci"');
  expect((await open()).value?.inventory.devices[0]?.driverOverride).toBe('vfio-pci');
});

it('SECURITY: believes no kept host in a state directory that others may write', async () => {
  const { open, state, folder } = await boundHost();
  for (const path of [state.path, folder]) {
    chmodSync(path, 0o777);
    await expect(open()).rejects.toThrow(StateDirectoryError);
    chmodSync(path, 0o700);
  }
  expect((await open()).value).toBeDefined();
});

it('SECURITY: believes no kept host, nor folder of kept hosts, that is a link', async () => {
  const { open, root, folder, kept } = await boundHost();
  renameSync(kept, join(root, 'moved.json'));
  symlinkSync(join(root, 'moved.json'), kept);
  expect((await open()).diagnostics.map(({ code }) => code)).toEqual(['snapshot-unreadable']);
  renameSync(folder, join(root, 'hosts'));
  symlinkSync(join(root, 'hosts'), folder);
  await expect(open()).rejects.toThrow(StateDirectoryError);
});

it('SECURITY: puts nothing into a folder of kept hosts that somebody else has made', async () => {
  const root = directoryWith({ 'host.json': TEXT });
  const state = new StateDirectory(join(root, 'state'));
  state.ensure();
  const { value: machine } = await simulatedMachine(join(root, 'host.json'), state, []);
  const kernel = await machine?.kernel();
  if (!machine || !kernel) throw new Error('the host of the test cannot be opened');
  await kernel.writeFile(`/sys/bus/pci/devices/${ADDRESS}/driver_override`, 'vfio-pci\n');
  mkdirSync(join(root, 'elsewhere'));
  symlinkSync(join(root, 'elsewhere'), join(state.path, '.simulated'));
  await expect(machine.save(kernel)).rejects.toThrow(StateDirectoryError);
  expect(readdirSync(join(root, 'elsewhere'))).toEqual([]);
});
