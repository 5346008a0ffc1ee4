import { readFileSync } from 'node:fs';
import { release } from 'node:os';
import path from 'node:path';
import { contains, equal, holds } from './assert.ts';
import { vfioCompose, WORK } from './command.ts';
import { treeDevices } from './platform.ts';
import { ended } from './project.ts';
import { attach } from './report-port.ts';
import type { Scenario } from './scenario.ts';

/** The machine's tree, and what this kernel made of it: material for every test that needs no kernel. */
export const platformFacts: Scenario = ({ test, machine }) => {
  test('the machine hands out its blob, and its devices with their nodes', () => {
    const blob = readFileSync('/sys/firmware/fdt');
    equal(blob.readUInt32BE(0), 0xd00dfeed, 'the magic number of the blob');
    attach(`${machine}.dtb`, blob);
    const devices = treeDevices();
    attach(`platform-${machine}.json`, `${JSON.stringify({ release: release(), devices }, null, 2)}\n`);
    holds(devices.filter(({ node }) => node !== undefined).length > 10, 'hardly a device comes from the tree');
  });
  test('the command starts, with its own version', async () => {
    const version = await vfioCompose(['--version']);
    ended(version, 0, '--version');
    const manifest = readFileSync(path.join(WORK, 'node_modules', 'vfio-compose', 'package.json'), 'utf8');
    contains(version.stdout, [(JSON.parse(manifest) as { version: string }).version], 'what it says');
  });
  test('inspect shows a machine without groups and without PCI devices', async () => {
    const inspect = await vfioCompose(['inspect', '-o', 'json']);
    ended(inspect, 0, 'inspect');
    equal(inspect.stderr, '', 'its complaints');
    attach(`inspect-${machine}.json`, inspect.stdout);
    holds('devices' in (JSON.parse(inspect.stdout) as object), 'it has no devices');
  });
  test('capture takes a snapshot, which inspect reads', async () => {
    const file = `/run/host-${machine}.json`;
    ended(await vfioCompose(['capture', '-o', file]), 0, 'capture');
    attach(`host-${machine}.json`, readFileSync(file));
    ended(await vfioCompose(['--host', file, 'inspect']), 0, 'inspect --host');
  });
};
