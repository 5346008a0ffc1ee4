import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { HostBuilder } from '../../testing/host.ts';
import { host, netdev, recordingTerminal } from '../../testing/index.ts';
import { midwayHost, XGMAC } from '../../testing/platform-plan.ts';
import { soc } from '../../testing/soc.ts';
import { snapshotText } from '../../runtime/inventory/snapshot-text.ts';
import { runCommandLine } from '../run.ts';
import type { Terminal } from '../verb.ts';

// The first run loads the compiler, the simulated kernel and the plugins.
vi.setConfig({ testTimeout: 60_000 });

const NIC = '0000:31:00.0';
const pc = (): HostBuilder =>
  host()
    .intelIommu()
    .nic(NIC, { group: 26, resetMethods: ['flr'], netdevs: [netdev('cable0')] });

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'reset-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const state = (): string => join(folder, 'state');

/** Runs `reset` on a simulated host. */
async function reset(
  machine: HostBuilder,
  args: readonly string[],
  person: Partial<Pick<Terminal, 'interactive' | 'confirm'>> = {},
) {
  writeFileSync(join(folder, 'host.json'), snapshotText(machine.build(), { identifiers: true }));
  const terminal = recordingTerminal({ cwd: folder, ...person });
  const all = ['reset', ...args, '--host', 'host.json', '--state-dir', state()];
  const status = await runCommandLine(all, '0.0.0', () => terminal);
  return { status, ...terminal.output };
}

const onMidway = (...args: readonly string[]) => reset(midwayHost(), [XGMAC, '--iommu', 'noiommu', ...args]);
const project = (address: string): string => join(state(), `reset-${address.replace(/[.:]/g, '-')}`);

test('R-RESET-1: silences a device by its plugin, resets it, and gives it back', async () => {
  const { status, out, err } = await onMidway();
  expect({ status, out }).toEqual({ status: 0, out: '' });
  const order = ['DMA_INTR_ENA = 0x0', 'DMA_CONTROL: clear ST, SR', `to /sys/bus/platform/drivers/calxedaxgmac/bind`];
  const places = order.map((text) => err.lastIndexOf(text));
  expect(places).toEqual([...places].sort((a, b) => a - b));
  expect(places).not.toContain(-1);
  expect(err).toContain(`VFIO_DEVICE_RESET device:${XGMAC}`);
  expect(err).toContain(`${XGMAC} is reset; the host is as it was.`);
  expect(existsSync(project(XGMAC))).toBe(false);
});

test('--quiesce-only leaves the resets out, and still proves that the device is silent', async () => {
  const { status, err } = await onMidway('--quiesce-only');
  expect(status).toBe(0);
  expect(err).toContain('DMA_INTR_ENA: is 0x0');
  expect(err).not.toContain('VFIO_DEVICE_RESET');
  expect(err).toContain(`${XGMAC} is quiesced; the host is as it was.`);
});

test('R-RESET-5: resets a PCI function by what the kernel has for it, named by its interface', async () => {
  const { status, err } = await reset(pc(), ['cable0']);
  expect(status).toBe(0);
  expect(err).toContain(`VFIO_DEVICE_RESET device:${NIC}`);
  expect(err).toContain(`${NIC} is reset; the host is as it was.`);
});

test('R-GROUP-3: every law of up holds: without an IOMMU the mode has to be named', async () => {
  const { status, err } = await reset(midwayHost(), [XGMAC]);
  expect(status).toBe(4);
  expect(err).toContain('device-without-group');
  expect(existsSync(project(XGMAC))).toBe(false);
});

test('R-BIND-5: a device that the host uses is not reset', async () => {
  const used = host()
    .intelIommu()
    .nic(NIC, { netdevs: [netdev('lan0', { up: true, defaultRoute: true })] });
  const { status, err } = await reset(used, [NIC]);
  expect(status).toBe(5);
  expect(err).toContain('device-in-use');
});

test.each([
  ['no such device', '0000:99:00.0', 'no device "0000:99:00.0"'],
  ['a node that is no device', '/soc', '/soc is no Linux device'],
])('says of %s what is wrong, and touches nothing', async (_what, name, text) => {
  const { status, err } = await reset(midwayHost(), [name]);
  expect(status).toBe(4);
  expect(err).toContain(text);
  expect(existsSync(state())).toBe(false);
});

test('R-RESET-4: a device that nothing would silence is not called quiesced', async () => {
  const machine = host()
    .smmuV3()
    .tree(soc({ 'odd@40000': { compatible: 'board,odd', 'dma-coherent': true, reg: [0x4_0000, 0x1000] } }))
    .module('vfio_platform', 'loaded', { reset_required: 'N' })
    .platform('40000.odd', { treePath: '/soc/odd@40000' });
  const { status, err } = await reset(machine, ['40000.odd', '--quiesce-only', '--unsafe-interrupts']);
  expect(status).toBe(4);
  expect(err).toContain('nothing is known that would silence 40000.odd');
  expect(existsSync(project('40000.odd'))).toBe(false);
});

test('shows what is done to the device, asks a person, and changes nothing at a no', async () => {
  const questions: string[] = [];
  const confirm = (question: string) => {
    questions.push(question);
    return Promise.resolve(false);
  };
  const { status, err } = await reset(pc(), [NIC], { interactive: true, confirm });
  expect(status).toBe(1);
  expect(questions).toEqual(['Carry it out?']);
  expect(err).toContain(`VFIO_DEVICE_RESET device:${NIC}`);
  expect(err).toContain('Nothing was changed.');
  expect(await reset(pc(), [NIC, '--yes'], { interactive: true, confirm })).toMatchObject({ status: 0 });
});

test('a device tree alone has no kernel that could reset anything', async () => {
  const terminal = recordingTerminal({ cwd: folder });
  expect(await runCommandLine(['reset', XGMAC, '--dtb', 'a.dtb'], '0.0.0', () => terminal)).toBe(64);
});
