import { expect, test } from 'vitest';
import { bar, host } from '../../../testing/index.ts';
import { Session } from '../../../testing/session.ts';
import type { IoctlRequest } from '../port.ts';
import * as uapi from '../../uapi/index.ts';

const NIC = '0000:03:00.0';
const FILL = 0xa5;

/** A device that is open on a kernel of that release, and what it answers into a struct full of other things. */
async function answering(release: string) {
  const resources = [bar(0, 0x9000_0000n, 0x2_0000n)];
  const inventory = host().intelIommu().kernel({ release }).nic(NIC, { group: 17, resources }).build();
  const session = new Session(inventory, { devices: new Map([[NIC, { msixBar: 3 }]]) });
  await session.take(NIC);
  const { container, groups } = session.joined([17]);
  const { kernel } = session;
  const device = await uapi.getDeviceFd(kernel, groups[0] ?? -1, NIC);
  const ask = (fd: number, request: IoctlRequest, argsz: number): Buffer => {
    const argument = Buffer.alloc(256, FILL);
    argument.writeUInt32LE(argsz, 0);
    argument.writeUInt32LE(0, 8);
    kernel.ioctl(fd, request, argument);
    return argument;
  };
  return {
    deviceInfo: (argsz: number) => ask(device, uapi.DEVICE_GET_INFO.request(kernel.architecture), argsz),
    regionInfo: (argsz: number) => ask(device, uapi.DEVICE_GET_REGION_INFO.request(kernel.architecture), argsz),
    iommuInfo: (argsz: number) => ask(container, uapi.IOMMU_GET_INFO.request(kernel.architecture), argsz),
  };
}

/** How many bytes at its beginning were written: the answers here end with zeros, the filling does not. */
function written(argument: Buffer): number {
  const kept = argument.subarray(12).indexOf(FILL);
  return kept < 0 ? argument.length : 12 + kept;
}

test.each([
  ['6.1.0-40-amd64', [16, 16, 20, 20, 20]],
  ['6.12.38', [16, 19, 20, 24, 24]],
])(
  'Linux %s writes so much of the answer to GET_INFO for an argsz of 16, 19, 20, 24 and 64',
  async (release, bytes) => {
    const { deviceInfo } = await answering(release);
    expect([16, 19, 20, 24, 64].map((argsz) => written(deviceInfo(argsz)))).toEqual(bytes);
  },
);

test('GET_REGION_INFO leaves cap_offset as it was where the region has no capability', async () => {
  const { regionInfo } = await answering('6.1.0-40-amd64');
  expect(regionInfo(uapi.REGION_INFO.size).readUInt32LE(12)).toBe(0xa5a5_a5a5);
});

test('the capabilities of IOMMU_GET_INFO are padded to 8 bytes since Linux 6.6', async () => {
  const needed = async (release: string): Promise<number> => (await answering(release)).iommuInfo(24).readUInt32LE(0);
  expect((await needed('6.6.0')) - (await needed('6.5.0'))).toBe(4);
});
