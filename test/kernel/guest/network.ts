import { readFileSync } from 'node:fs';
import path from 'node:path';
import { contains } from './assert.ts';
import { runProgram, WORK } from './command.ts';
import { ended } from './project.ts';

/** QEMU's own gateway in its user network. What is sent to it never leaves the QEMU process (`restrict=on`). */
const GATEWAY = '10.0.2.2';
const OWN = '10.0.2.15/24';

/** A network interface that carries packets both ways: it comes up, gets an answer to an ARP request, and goes down again. */
export async function carriesPackets(name: string): Promise<void> {
  const busybox = (args: readonly string[]) => runProgram(path.join(WORK, 'bin', 'busybox'), args);
  ended(await busybox(['ip', 'link', 'set', name, 'up']), 0, `setting ${name} up`);
  try {
    ended(await busybox(['ip', 'addr', 'add', OWN, 'dev', name]), 0, `giving ${name} an address`);
    await hasCarrier(name);
    const asked = await busybox(['arping', '-c', '3', '-w', '10', '-f', '-I', name, GATEWAY]);
    ended(asked, 0, `asking for ${GATEWAY} on ${name}`);
    contains(asked.stdout, [GATEWAY], 'the answer');
  } finally {
    await busybox(['ip', 'addr', 'flush', 'dev', name]);
    await busybox(['ip', 'link', 'set', name, 'down']);
  }
}

/** Waits for the link: the emulated PHY negotiates for a while, and what is sent before is lost. */
async function hasCarrier(name: string): Promise<void> {
  for (let tries = 0; tries < 100; tries++) {
    if (readFileSync(`/sys/class/net/${name}/carrier`, 'utf8').trim() === '1') return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`${name} has no carrier after 10 s`);
}
