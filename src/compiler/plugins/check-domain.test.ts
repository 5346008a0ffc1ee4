import { expect, it } from 'vitest';
import { bytes, type DomainStep, iova, type ResolvedVm, U64_MAX } from '../../model/index.ts';
import { platformVm } from '../../testing/platform-plan.ts';
import { faultOfDomainSteps, faultOfMappings, faultOfParameters } from './check-domain.ts';

const IOCTL = {
  kind: 'ioctl',
  subject: 'geometry',
  cause: 'the memory fits',
  request: 'VFIO_IOMMU_SET_ATTR',
  number: 21,
  fields: [{ name: 'windows', width: 4, value: 256n, expect: 256n }],
  atLeast: 1,
  meaning: '256 windows',
} as const satisfies DomainStep;
const UNDO = { ...IOCTL, cause: 'no interrupt is left' };
const INFO = {
  kind: 'check-info',
  subject: 'info',
  cause: 'the mappings fit',
  pageSize: bytes(4096),
  ranges: [{ first: iova(0n), last: iova(0xffffn) }],
  mappings: 1,
} as const satisfies DomainStep;

const faultOf = (...steps: readonly unknown[]) => faultOfDomainSteps(steps, new Set()) ?? 'none';

it('finds nothing in steps that a container takes', () => {
  expect(faultOf()).toBe('none');
  expect(faultOf({ ...IOCTL, undo: UNDO }, INFO, { ...IOCTL, subject: 'bank/0', fields: [] })).toBe('none');
});

it.each([
  ['no list', 'it is no list of steps', {}],
  ['no step', 'step 1 is no step', [null]],
  ['an unknown kind', 'of the kind "map", which there is not', [{ ...IOCTL, kind: 'map' }]],
  ['no subject', 'does not say what it is about', [{ ...IOCTL, subject: '' }]],
  ['a subject that no id can have', 'does not say what it is about', [{ ...IOCTL, subject: 'two words' }]],
  ['no cause', 'does not say what it is about, or why', [{ ...IOCTL, cause: undefined }]],
  ['two steps of one subject', 'two steps are about geometry', [IOCTL, IOCTL]],
  ['no name of the ioctl', 'without a name', [{ ...IOCTL, request: 'ioctl' }]],
  ['no meaning', 'without a name or a meaning', [{ ...IOCTL, meaning: '' }]],
  ["a number of every container's", "has the number 11, which is no IOMMU's", [{ ...IOCTL, number: 11 }]],
  ['a number too large', 'has the number 128', [{ ...IOCTL, number: 128 }]],
  ['a number that is none', 'has the number 12.5', [{ ...IOCTL, number: 12.5 }]],
  ['a least answer that is none', 'at least what is no number', [{ ...IOCTL, atLeast: -1 }]],
  ['no fields', 'no list of fields', [{ ...IOCTL, fields: undefined }]],
  ['too many fields', 'too long a one', [{ ...IOCTL, fields: new Array(65).fill(IOCTL.fields[0]) }]],
  ['no pages', 'pages of no size', [{ ...INFO, pageSize: 0n }]],
  ['no number of mappings', 'no number of mappings', [{ ...INFO, mappings: -1 }]],
  ['no ranges', 'no list of ranges', [{ ...INFO, ranges: [{ first: 0n }] }]],
])('refuses %s', (_what, words, answer) => {
  expect(faultOfDomainSteps(answer, new Set())).toContain(words);
});

it.each([
  ['none', null, 'without a name or a width'],
  ['without a name', { name: '', width: 4, value: 0n }, 'without a name or a width'],
  ['of a width that there is not', { name: 'x', width: 3, value: 0n }, 'without a name or a width'],
  ['whose value is too large', { name: 'x', width: 2, value: 0x1_0000n }, 'does not fit its 2 bytes'],
  ['whose value is negative', { name: 'x', width: 2, value: -1n }, 'does not fit its 2 bytes'],
  ['whose value is no bigint', { name: 'x', width: 2, value: 1 }, 'does not fit its 2 bytes'],
  ['that must hold too much', { name: 'x', width: 1, value: 0n, expect: 256n }, 'does not fit its 1 bytes'],
])('refuses a field %s', (_what, field, words) => {
  expect(faultOf({ ...IOCTL, fields: [field] })).toContain(words);
  expect(faultOf({ ...IOCTL, undo: { ...UNDO, fields: [field] } })).toContain(words);
});

it('refuses a way back without a reason, or that is none', () => {
  expect(faultOf({ ...IOCTL, undo: { ...UNDO, cause: '' } })).toContain('why it is taken back');
  expect(faultOf({ ...IOCTL, undo: null })).toContain('why it is taken back');
});

it('refuses a subject that a hook before has had', () => {
  const subjects = new Set<string>();
  expect(faultOfDomainSteps([IOCTL], subjects)).toBeUndefined();
  expect(faultOfDomainSteps([IOCTL], subjects)).toContain('two steps are about geometry');
});

const vm: ResolvedVm = platformVm('type1v2', []);
const MAPPING = { memory: 0, offset: bytes(0), iova: iova(0n), size: bytes(1 << 20) };
const mapped = (...changes: readonly unknown[]) =>
  faultOfMappings(
    changes.map((change) => (typeof change === 'object' && change ? { ...MAPPING, ...change } : change)),
    vm,
  ) ?? 'none';

it("finds nothing in mappings of the VM's own memory", () => {
  expect(mapped()).toBe('none');
  expect(mapped({ size: 4n << 20n })).toBe('none');
  expect(mapped({}, { iova: 1n << 20n, offset: 3n << 20n, remark: 'the window becomes active' })).toBe('none');
  expect(mapped({ iova: U64_MAX - (1n << 20n) + 1n })).toBe('none');
});

it.each([
  ['none', [null], 'has no address'],
  ['without an address', [{ iova: undefined }], 'has no address'],
  ['with a size that is no bigint', [{ size: 4096 }], 'no offset or size'],
  ['with a negative offset', [{ offset: -1n }], 'no offset or size'],
  ['of memory that the VM has not', [{ memory: 1 }], 'is of memory 1, and the VM has 1 entries'],
  ['of nothing', [{ size: 0n }], 'of 0x0 bytes'],
  ['of more than there is', [{ size: (4n << 20n) + 1n }], 'which has 0x400000'],
  ['beyond the end', [{ offset: 4n << 20n }], 'at 0x400000 of memory 0'],
  ['beyond the last address', [{ iova: U64_MAX - 4095n }], 'it maps 0x100000 bytes at'],
  ['at an address that another has', [{}, { iova: (1n << 20n) - 4096n }], 'two mappings have the address 0xff000'],
  ['at the same address in another order', [{ iova: 4096n }, {}], 'two mappings have the address 0x1000'],
  ['with a remark that is none', [{ remark: '' }], 'remarks nothing'],
])('refuses a mapping %s', (_what, mappings, words) => {
  expect(mapped(...mappings)).toContain(words);
});

it('refuses what is no list of mappings', () => {
  expect(faultOfMappings(undefined, vm)).toContain('no list of mappings');
});

it('takes a parameter that is to be on, and no other', () => {
  const parameter = { module: 'vfio', parameter: 'unsafe', value: 'Y', cause: 'no IOMMU' };
  expect(faultOfParameters([parameter])).toBeUndefined();
  expect(faultOfParameters({})).toContain('no list of parameters');
  for (const change of [{ module: '../vfio' }, { parameter: undefined }, { value: 'N' }, { cause: '' }]) {
    expect(faultOfParameters([{ ...parameter, ...change }])).toContain('no name, or no cause');
  }
  for (const none of [null, undefined, 'vfio.unsafe']) expect(faultOfParameters([none])).toContain('no name');
});
