import { mkdirSync } from 'node:fs';
import { interruptsByAlarm } from './alarm-clock.ts';
import { contains, equal, holds } from './assert.ts';
import { HeldRun, planHere } from './held-run.ts';
import { Registers } from './no-iommu.ts';
import { bindPlatform, giveBackPlatform, platformLink } from './platform.ts';
import { ended, project } from './project.ts';
import type { Guest, Scenario } from './scenario.ts';
import {
  groupOf,
  haveGroup,
  mapError,
  setIommuError,
  smmuHost,
  STREAM_DEVICES,
  unsafeInterrupts,
} from './smmu-devices.ts';
import { tableAgrees } from './tree-table.ts';
import { interruptsByCable, isNetworkCard } from './virtio-link.ts';
import { msiWindow, openError } from './vfio.ts';

const JOURNAL = '/run/smmu-platform';
const { card, disk, clock } = STREAM_DEVICES;

const BOTH = `devices:
  card: { platform: ${card.name}, reset: none, irqs: [{ index: 0 }] }
  clock: { platform: ${clock.name}, reset: none, irqs: [{ index: 0, unmask: eventfd }] }
memory:
  - { iova: 0x40000000, size: 2MiB }
`;
const DISK_ALONE = `devices:\n  disk: { platform: ${disk.name}, reset: none }\n`;

/** Platform devices in real IOMMU groups: what the kernel asks of their interrupts, and the whole way there and back. */
export const smmuPlatform: Scenario = (guest) => {
  const devices = [card, disk, clock];
  for (const device of devices) haveGroup(device);
  const before = smmuHost();
  interruptsAndWindow(guest, before);
  thereAndBack(guest, before);
  guest.cleanup(() => {
    for (const { bus, name } of devices) giveBackPlatform(bus, name);
  });
};

type Host = ReturnType<typeof smmuHost>;

/** What the command refuses, and what the kernel does; and that neither refuses more. */
function interruptsAndWindow({ test, cleanup }: Guest, before: Host): void {
  const tame = project('tame', BOTH);
  const isolated = project('isolated', `${DISK_ALONE}memory:\n  - { iova: 0x40000000, size: 4KiB }\n`);

  test('R-GROUP-5: without the consent of the manifest a device that names no MSI controller is refused: its interrupts do not count as isolated', async () => {
    const up = await tame.up();
    ended(up, 5, 'up');
    contains(up.stderr, ['interrupts-not-isolated', 'unsafeInterrupts'], 'what up says');
    equal(smmuHost(), before, 'the host');
  });
  // The ITS that the clock names does not count: the kernel reads `msi-parent` for devices of the platform bus alone
  // (of_platform_device_create_pdata and of_amba_device_create in drivers/of/platform.c).
  for (const device of [card, clock]) {
    test(`the kernel itself binds ${device.name} and refuses to set its IOMMU up: EPERM`, () => {
      bindPlatform(device.bus, device.name, device.vfioDriver);
      equal(setIommuError(device), 'EPERM', 'VFIO_SET_IOMMU');
      giveBackPlatform(device.bus, device.name);
      equal(smmuHost(), before, 'the host');
    });
  }
  test('a device whose MSI controller is an ITS needs no consent: the kernel agrees, and so does the command', async () => {
    bindPlatform(disk.bus, disk.name, disk.vfioDriver);
    equal(setIommuError(disk), undefined, 'VFIO_SET_IOMMU');
    giveBackPlatform(disk.bus, disk.name);
    ended(await isolated.up(), 0, 'up');
    equal(unsafeInterrupts(), 'N', 'the parameter');
    equal(openError(groupOf(disk)), 'EBUSY', 'opening the group that the supervisor holds');
    ended(await isolated.down(), 0, 'down');
    equal(smmuHost(), before, 'the host');
  });
  test('a mapping on the MSI window of the SMMU is refused with the window', async () => {
    const { start } = msiWindow(groupOf(disk));
    const memory = `memory:\n  - { iova: 0x${start.toString(16)}, size: 4KiB }\n`;
    const up = await project('window', DISK_ALONE + memory).up();
    ended(up, 4, 'up');
    contains(up.stderr, ['memory-on-reserved-region', start.toString(16)], 'what up says');
    equal(smmuHost(), before, 'the host');
  });
  test('the kernel itself refuses such a mapping: EINVAL; beside the window it maps', () => {
    bindPlatform(disk.bus, disk.name, disk.vfioDriver);
    const { start, end } = msiWindow(groupOf(disk));
    equal(
      [start, end - 0xfffn, end + 1n].map((iova) => mapError(disk, iova)),
      ['EINVAL', 'EINVAL', undefined],
      'mapping the first and the last page of the window, and the one behind it',
    );
    giveBackPlatform(disk.bus, disk.name);
    equal(smmuHost(), before, 'the host');
  });
  cleanup(async () => {
    await isolated.down();
  });
}

/** Up and down by the command, then a run in this process, which gets at what the plan has opened. */
function thereAndBack({ test, cleanup }: Guest, before: Host): void {
  const consenting = project('consenting', `${BOTH}iommu: { unsafeInterrupts: true }\n`);
  let run: HeldRun | undefined;

  test('with the consent of the manifest up binds both, maps the memory and holds their groups', async () => {
    ended(await consenting.up(), 0, 'up');
    equal(unsafeInterrupts(), 'Y', 'the parameter');
    for (const device of [card, clock]) {
      equal(platformLink(device.bus, device.name, 'driver'), device.vfioDriver, `the driver of ${device.name}`);
      equal(openError(groupOf(device)), 'EBUSY', `opening the group of ${device.name}`);
    }
  });
  test('R-BACK-1: after down the host is as before, the parameter too', async () => {
    ended(await consenting.down(), 0, 'down');
    equal(smmuHost(), before, 'the host');
  });
  test('R-TREE-2: the tables that inspect takes from the tree are what the kernel says of the open devices', async () => {
    mkdirSync(JOURNAL, { recursive: true });
    run = await HeldRun.up(await planHere(heldDocument()), JOURNAL);
    await tableAgrees(card.name, registersOf(run, card.name).info);
    await tableAgrees(clock.name, registersOf(run, clock.name).info);
  });
  test('their registers and their interrupts come through the handles of the plan', async () => {
    holds(run !== undefined, 'nothing is up');
    isNetworkCard(registersOf(run, card.name));
    await interruptsByCable(registersOf(run, card.name), run.fd(`eventfd#${card.name}/0`));
    const eventfds = {
      trigger: run.fd(`eventfd#${clock.name}/0`),
      unmask: run.fd(`eventfd#${clock.name}/0/unmask`),
    };
    await interruptsByAlarm(registersOf(run, clock.name), eventfds);
  });
  test('R-BACK-1: the way back of the run leaves the host as before', async () => {
    holds(run !== undefined, 'nothing is up');
    await run.back();
    run = undefined;
    equal(smmuHost(), before, 'the host');
  });
  cleanup(async () => {
    await run?.back();
    await consenting.down();
  });
}

/** The manifest of the project that consents, for a run in this process. */
function heldDocument(): Parameters<typeof planHere>[0] {
  const devices = {
    card: { platform: card.name, reset: 'none' as const, irqs: [{ index: 0 }] },
    clock: { platform: clock.name, reset: 'none' as const, irqs: [{ index: 0, unmask: 'eventfd' as const }] },
  };
  const memory = [{ iova: '0x40000000', size: '2MiB' }];
  return { version: 1, name: 'held', vms: { machine: { iommu: { unsafeInterrupts: true }, memory, devices } } };
}

const registersOf = (run: HeldRun, device: string): Registers => new Registers(run.kernel, run.fd(`device:${device}`));
