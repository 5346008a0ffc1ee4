import { reserveHugePages } from './memory.ts';
import { bindTo, findNics, giveBack } from './pci.ts';
import { attach } from './report-port.ts';
import type { Scenario } from './scenario.ts';
import { drove, sendForAWhile, startTestpmd } from './testpmd.ts';

/** That DPDK, which nobody here wrote, drives the NIC of this machine: the handoff scenario then only tests the handoff. */
export const rawTestpmd: Scenario = ({ test, cleanup, machine }) => {
  const { alone } = findNics();
  test('dpdk-testpmd takes the NIC from vfio-pci and sends with it', async () => {
    bindTo(alone, 'vfio-pci');
    reserveHugePages(64);
    const ended = await sendForAWhile(startTestpmd(alone));
    attach(`testpmd-${machine}.txt`, `${ended.seconds} s, status ${ended.status}\n${ended.stdout}\n${ended.stderr}`);
    drove(ended);
  });
  cleanup(() => giveBack(alone));
  cleanup(() => reserveHugePages(0));
};
