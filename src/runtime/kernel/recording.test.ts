import { expect, test } from 'vitest';
import { errnoOf, errnoOfLater } from '../../testing/session.ts';
import { host } from '../../testing/index.ts';
import { bytes, iova } from '../../model/address.ts';
import * as uapi from '../uapi/index.ts';
import { RecordingKernel } from './recording.ts';
import { SimulatedKernel } from './sim/index.ts';

const NIC = '0000:03:00.0';

async function run(): Promise<RecordingKernel> {
  const kernel = new RecordingKernel(new SimulatedKernel(host().intelIommu().nic(NIC, { group: 17 }).build()));
  await kernel.writeFile(`/sys/bus/pci/devices/${NIC}/driver_override`, 'vfio-pci\n');
  await errnoOfLater(kernel.writeFile('/sys/bus/pci/drivers/vfio-pci/bind', NIC));
  await kernel.spawn('modprobe', ['--', 'vfio-pci']);
  const container = kernel.open('/dev/vfio/vfio', 'read-write');
  errnoOf(() => uapi.setIommu(kernel, container, 'type1v2'));
  errnoOf(() =>
    uapi.mapDma(kernel, container, { vaddr: 0x1000n, iova: iova(0n), size: bytes(0x1000), read: true, write: true }),
  );
  kernel.munmap(kernel.mmap({ length: 0x1000n, hugePageSize: null, fd: null }), 0x1000n);
  kernel.close(container);
  return kernel;
}

test('every call is one line, with its result or its errno', async () => {
  const kernel = await run();
  expect(kernel.lines).toEqual([
    `write("/sys/bus/pci/devices/${NIC}/driver_override", "vfio-pci\\n") = ok`,
    `write("/sys/bus/pci/drivers/vfio-pci/bind", "${NIC}") = EBUSY`,
    'spawn("modprobe", "--", "vfio-pci") = status 0',
    'open("/dev/vfio/vfio", "read-write") = 3',
    'VFIO_SET_IOMMU(3, 3) = EINVAL',
    'VFIO_IOMMU_MAP_DMA(3, <2000000003000000001000000000000000000000000000000010000000000000>) = EINVAL',
    'mmap(0x1000, null, null) = 0x7ffefffff000',
    'munmap(0x7ffefffff000, 0x1000) = ok',
    'close(3) = ok',
  ]);
  expect(kernel.text).toBe(kernel.lines.map((line) => `${line}\n`).join(''));
});

test('the same calls on the same host give the same trace', async () => {
  expect((await run()).text).toBe((await run()).text);
});

test('an argument that the kernel changes is shown as it went in and as it came out', async () => {
  const builder = host().intelIommu().nic(NIC, { group: 17, driver: 'vfio-pci', driverOverride: 'vfio-pci' });
  const kernel = new RecordingKernel(new SimulatedKernel(builder.build()));
  uapi.getGroupStatus(kernel, kernel.open('/dev/vfio/17', 'read-write'));
  expect(kernel.lines[1]).toBe('VFIO_GROUP_GET_STATUS(3, <0800000000000000>) = 0 <0800000001000000>');
});

test('a call that takes its time has its line where it began', async () => {
  const kernel = new RecordingKernel(new SimulatedKernel(host().build()));
  const sleeping = kernel.sleep(10);
  expect(kernel.lines).toEqual(['sleep(10) …']);
  kernel.eventfd();
  await sleeping;
  expect(kernel.lines).toEqual(['sleep(10) = ok', 'eventfd() = 3']);
});
