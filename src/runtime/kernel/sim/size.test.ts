import { expect, test } from 'vitest';
import { host } from '../../../testing/index.ts';
import { Session } from '../../../testing/session.ts';
import * as uapi from '../../uapi/index.ts';

const COUNT = 10_000;

test('a host of 10,000 devices starts, works and comes back', async () => {
  const builder = host().intelIommu();
  const addresses = Array.from({ length: COUNT }, (_, i) => {
    const hex = (value: number) => value.toString(16).padStart(2, '0');
    return `0000:${hex(i >> 8)}:${hex((i >> 3) & 31)}.${i & 7}`;
  });
  addresses.forEach((address, i) => builder.nic(address, { group: i }));
  const before = builder.build();
  const session = new Session(before);
  for (const address of addresses) await session.take(address);
  const { groups, container } = session.joined(addresses.slice(0, 1000).map((_, i) => i));
  const devices: number[] = [];
  for (const [i, group] of groups.entries())
    devices.push(await uapi.getDeviceFd(session.kernel, group, addresses[i] ?? ''));
  expect(uapi.getIommuInfo(session.kernel, container).ranges).toHaveLength(2);
  for (const fd of [...devices, ...groups, container]) session.kernel.close(fd);
  expect(session.kernel.leaks()).toEqual([]);
  for (const address of addresses) await session.giveBack(address, 'e1000e');
  expect(session.kernel.toInventory()).toEqual(before);
});
