import { constants } from 'node:os';
import { expect, test } from 'vitest';
import { ERRNO, errnoName, kernelError } from './errno.ts';

test.runIf(process.platform === 'linux')('our numbers are those of the running system', () => {
  const system = constants.errno as Readonly<Record<string, number>>;
  for (const [name, number] of Object.entries(ERRNO)) {
    // Node leaves a few names out, EBADFD among them.
    if (name in system) expect([name, system[name]]).toEqual([name, number]);
  }
});

test('every errno has one name, and an unknown one shows its number', () => {
  expect(['EPERM', 'EAGAIN', 'EBADFD'].map((name) => errnoName(ERRNO[name as keyof typeof ERRNO]))).toEqual([
    'EPERM',
    'EAGAIN',
    'EBADFD',
  ]);
  expect(errnoName(constants.errno.EXDEV)).toBe('EXDEV');
  expect(errnoName(4095)).toBe('E4095');
});

test('a failure carries the call, the target and the errno by name and number', () => {
  expect(kernelError('open', '/dev/vfio/7', 'EBUSY')).toMatchObject({
    call: 'open',
    target: '/dev/vfio/7',
    code: 'EBUSY',
    errno: 16,
    message: 'open /dev/vfio/7: EBUSY',
  });
});
