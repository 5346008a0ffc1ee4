import { contains, equal, holds } from './assert.ts';
import { start, waitFor, type Finished, type Running } from './command.ts';

/**
 * Starts testpmd on one device. Both of its threads share the only processor of the guest, which `--lcores` allows and
 * `-l` does not. Needs 64 huge pages of 2 MiB.
 */
export function startTestpmd(device: string): Running {
  return start(
    'dpdk-testpmd',
    [
      ...[
        '--lcores',
        '0@0,1@0',
        '-m',
        '64',
        '--huge-unlink=always',
        '--file-prefix',
        'kernel-test',
        '--no-telemetry',
        '-a',
        device,
      ],
      ...['--', '--total-num-mbufs=2048', '--nb-cores=1', '--rxq=1', '--txq=1', '--forward-mode=txonly'],
    ],
    { limitSeconds: 100 },
  );
}

/** Lets testpmd run until it sends, then ends it. */
export async function sendForAWhile(testpmd: Running): Promise<Finished> {
  await sends(testpmd);
  return stopTestpmd(testpmd);
}

/** Waits until testpmd sends, and a second more. */
export async function sends(testpmd: Running): Promise<void> {
  await waitFor(testpmd, 'Press enter to exit', 80);
  await new Promise((resolve) => setTimeout(resolve, 1000));
}

/** Ends testpmd the way its user does: with the enter key. */
export function stopTestpmd(testpmd: Running): Promise<Finished> {
  testpmd.child.stdin?.end('\n');
  return testpmd.finished;
}

/**
 * Testpmd drove the device. More packets sent than its ring has descriptors (256) means that the device fetched them and
 * wrote their completion back: its DMA goes through the IOMMU.
 */
export function drove(ended: Finished): void {
  contains(ended.stdout + ended.stderr, ['Using IOMMU type 1', 'Port 0: ', 'Bye...'], 'what testpmd says');
  const sent = Number(/TX-packets: (\d+)/.exec(ended.stdout)?.[1] ?? 0);
  holds(sent > 1024, `testpmd sent ${sent} packets`);
  equal(ended.status, 0, 'its exit status');
}
