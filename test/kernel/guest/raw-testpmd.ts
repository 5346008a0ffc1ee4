import { writeFileSync } from 'node:fs';
import { contains, equal } from './assert.ts';
import { runProgram } from './command.ts';
import { bindTo, findNics, giveBack } from './pci.ts';
import { attach } from './report-port.ts';
import type { Scenario } from './scenario.ts';

/** That DPDK, which nobody here wrote, drives the NIC of this machine: the handoff scenario then only tests the handoff. */
export const rawTestpmd: Scenario = ({ test, cleanup, machine }) => {
  const { alone } = findNics();
  test('dpdk-testpmd takes the NIC from vfio-pci', async () => {
    bindTo(alone, 'vfio-pci');
    writeFileSync('/sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages', '64');
    const ended = await runProgram('dpdk-testpmd', testpmdArguments(alone), { limitSeconds: 110 });
    attach(`testpmd-${machine}.txt`, `${ended.seconds} s, status ${ended.status}\n${ended.stdout}\n${ended.stderr}`);
    contains(ended.stdout + ended.stderr, ['Using IOMMU type 1', 'Port 0:'], 'what testpmd says');
    equal(ended.status, 0, 'its exit status');
  });
  cleanup(() => giveBack(alone));
};

export function testpmdArguments(device: string): readonly string[] {
  return [
    ...['--lcores', '0@0,1@0', '-m', '64', '--file-prefix', 'kernel-test', '--no-telemetry', '-a', device],
    ...['--', '--total-num-mbufs=2048', '--nb-cores=1', '--rxq=1', '--txq=1', '--stats-period=1'],
  ];
}
