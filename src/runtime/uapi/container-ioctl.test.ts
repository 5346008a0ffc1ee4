import { expect, it } from 'vitest';
import { bytes, type StepOf } from '../../model/index.ts';
import { scriptedKernel, type Answer } from '../../testing/scripted-kernel.ts';
import { containerIoctlStep } from '../executor/container-steps.ts';
import { UnexpectedAnswer } from '../executor/failure.ts';
import { Handles } from '../executor/handles.ts';
import { KernelError } from '../kernel/port.ts';
import { containerIoctl } from './container-ioctl.ts';

const MEMBERS = [
  { width: 4, value: 0x11223344n },
  { width: 2, value: 0x5566n },
  { width: 1, value: 0x77n },
  { width: 1, value: 0n },
  { width: 8, value: 0x8899_aabb_ccdd_eeffn },
] as const;
const REQUEST = { name: 'VFIO_IOMMU_SET_ATTR', number: 21 };

// _IO(VFIO_TYPE, VFIO_BASE + n): ';' is 0x3b, VFIO_BASE is 100; _IO has its direction bits set on PowerPC.
it.each([
  ['aarch64', 0x3b79, '443322116655770' + '0ffeeddccbbaa9988'],
  ['ppc64', 0x2000_3b79, '1122334455667700' + '8899aabbccddeeff'],
  ['ppc64le', 0x2000_3b79, '443322116655770' + '0ffeeddccbbaa9988'],
])('lays members out one behind the other in the byte order of %s', (architecture, number, argument) => {
  const { kernel, asked } = scriptedKernel(architecture);
  const { values } = containerIoctl(kernel, 5, REQUEST, MEMBERS);
  expect(asked).toEqual([{ name: 'VFIO_IOMMU_SET_ATTR', number, argument }]);
  expect(values).toEqual(MEMBERS.map(({ value }) => value));
});

it.each(['aarch64', 'ppc64'])('reads members back in the byte order of %s', (architecture) => {
  const answer: Answer = (argument) => {
    argument.fill(0);
    argument[architecture === 'ppc64' ? 3 : 0] = 9;
    argument[6] = 8;
    argument[architecture === 'ppc64' ? 15 : 8] = 7;
    return 3;
  };
  const { kernel } = scriptedKernel(architecture, answer);
  expect(containerIoctl(kernel, 5, REQUEST, MEMBERS)).toEqual({ returned: 3, values: [9n, 0n, 8n, 0n, 7n] });
});

it('passes no argument where there are no members', () => {
  const { kernel, asked } = scriptedKernel('ppc64');
  containerIoctl(kernel, 5, { name: 'VFIO_IOMMU_GET_MSI_BANK_COUNT', number: 20 }, []);
  expect(asked).toMatchObject([{ argument: null }]);
});

it('throws what the kernel answers, by the name of the call', () => {
  const { kernel } = scriptedKernel('ppc64', () => 'ENOTTY');
  const run = () => containerIoctl(kernel, 5, REQUEST, MEMBERS);
  expect(run).toThrow(KernelError);
  expect(run).not.toThrow('ENOTTY');
});

const STEP: StepOf<'container-ioctl'> = {
  kind: 'container-ioctl',
  id: 'x',
  resource: '',
  cause: '',
  dependsOn: [],
  plugin: 'iommu-test',
  container: 'container#a',
  request: 'VFIO_IOMMU_GET_ATTR',
  number: 22,
  fields: [{ name: 'windows', width: 4, value: bytes(0n), expect: bytes(256n) }],
  meaning: 'the windows are as they were set',
};

/** What the step says of what a call returns and leaves in its member. */
function verdict(returned: number, left: number, change: Partial<typeof STEP> = {}): string {
  const answer: Answer = (argument) => {
    if (argument.length > 0) argument.writeUInt32LE(left);
    return returned;
  };
  const handles = new Handles();
  handles.setFd('container#a', 5);
  try {
    containerIoctlStep(scriptedKernel('aarch64', answer).kernel, handles, { ...STEP, ...change });
    return 'fine';
  } catch (error) {
    if (error instanceof UnexpectedAnswer) return error.message;
    throw error;
  }
}

it('R-PAMU-6: holds what a call leaves in a member against the plan: a vendor’s kernel says success whatever came of it', () => {
  expect(verdict(0, 256)).toBe('fine');
  expect(verdict(0, 0)).toContain('left 0x0 in windows; the plan needs 0x100');
  const silent = [{ name: 'windows', width: 4, value: bytes(0n) }] as const;
  expect(verdict(0, 7, { fields: [...silent] })).toBe('fine');
});

it('R-PAMU-1: holds what a call returns against the least that the plan needs, which is exactly 0 where it says nothing', () => {
  expect(verdict(1, 256)).toContain('returned 1; the plan needs 0');
  expect(verdict(3, 0, { atLeast: 3, fields: [] })).toBe('fine');
  expect(verdict(4, 0, { atLeast: 3, fields: [] })).toBe('fine');
  expect(verdict(2, 0, { atLeast: 3, fields: [] })).toContain('returned 2; the plan needs at least 3');
});
