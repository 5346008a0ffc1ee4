import {
  type ContainerIoctl,
  type DomainMapping,
  type DomainStep,
  hex,
  type IoctlMember,
  type IovaRange,
  lastOf,
  type ParameterSwitch,
  type ResolvedVm,
  U64_MAX,
} from '../../model/index.ts';

/** As a plan may have. */
const MOST_FIELDS = 64;
const WIDTHS: readonly unknown[] = [1, 2, 4, 8];
const isObject = (value: unknown): boolean => typeof value === 'object' && value !== null;
/** It becomes part of the step's id, so it has the letters that one may have. */
const isSubject = (value: unknown): boolean => typeof value === 'string' && /^[A-Za-z0-9:._/#@,+-]{1,100}$/.test(value);
const isU64 = (value: unknown): boolean => typeof value === 'bigint' && value >= 0n && value <= U64_MAX;
const isText = (value: unknown): boolean => typeof value === 'string' && value.length > 0 && value.length <= 1024;

/**
 * What is wrong with what a hook returned as steps of a domain, in words; undefined where nothing is.
 *
 * @param subjects what steps of hooks before are about; those of this one are added.
 */
export function faultOfDomainSteps(answer: unknown, subjects: Set<string>): string | undefined {
  if (!Array.isArray(answer)) return 'it is no list of steps';
  for (const [index, step] of (answer as readonly DomainStep[]).entries()) {
    const fault = faultOfStep(step);
    if (fault !== undefined) return `step ${index + 1} ${fault}`;
    if (subjects.has(step.subject)) return `two steps are about ${step.subject}`;
    subjects.add(step.subject);
  }
  return undefined;
}

function faultOfStep(step: DomainStep): string | undefined {
  if (!isObject(step)) return 'is no step';
  if (!isSubject(step.subject) || !isText(step.cause)) return 'does not say what it is about, or why';
  switch (step.kind) {
    case 'ioctl':
      return faultOfIoctl(step) ?? (step.undo === undefined ? undefined : faultOfUndo(step.undo));
    case 'check-info':
      return faultOfInfo(step);
    default:
      return `is of the kind ${JSON.stringify((step as { kind?: unknown }).kind)}, which there is not`;
  }
}

function faultOfUndo(undo: NonNullable<Extract<DomainStep, { kind: 'ioctl' }>['undo']>): string | undefined {
  if (!isObject(undo) || !isText(undo.cause)) return 'does not say why it is taken back';
  return faultOfIoctl(undo);
}

function faultOfInfo({ pageSize, ranges, mappings }: Extract<DomainStep, { kind: 'check-info' }>): string | undefined {
  if (typeof pageSize !== 'bigint' || pageSize <= 0n) return 'needs pages of no size';
  if (!Number.isInteger(mappings) || mappings < 0) return 'needs no number of mappings';
  const areRanges =
    Array.isArray(ranges) &&
    (ranges as readonly IovaRange[]).every((one) => isObject(one) && isU64(one.first) && isU64(one.last));
  return areRanges ? undefined : 'has no list of ranges';
}

function faultOfIoctl({ request, number, fields, meaning, atLeast = 0 }: ContainerIoctl): string | undefined {
  if (!/^VFIO_[A-Z0-9_]{1,60}$/.test(request) || !isText(meaning)) return 'is an ioctl without a name or a meaning';
  // Below are the calls of every container, group and device.
  if (!Number.isInteger(number) || number < 12 || number > 127) return `has the number ${number}, which is no IOMMU's`;
  if (!Number.isInteger(atLeast) || atLeast < 0) return 'must return at least what is no number';
  if (!Array.isArray(fields) || fields.length > MOST_FIELDS) return 'has no list of fields, or too long a one';
  for (const field of fields as readonly IoctlMember[]) {
    const fault = faultOfMember(field);
    if (fault !== undefined) return fault;
  }
  return undefined;
}

function faultOfMember(member: IoctlMember): string | undefined {
  if (!isObject(member) || !isText(member.name) || !WIDTHS.includes(member.width)) {
    return 'has a field without a name or a width of 1, 2, 4 or 8 bytes';
  }
  const { name, width, value, expect } = member;
  for (const one of expect === undefined ? [value] : [value, expect]) {
    if (typeof one !== 'bigint' || one < 0n || one >> BigInt(8 * width) !== 0n) {
      return `has a value for ${name} that does not fit its ${width} bytes`;
    }
  }
  return undefined;
}

/** Mappings are of the VM's own memory, each inside its entry. */
export function faultOfMappings(answer: unknown, vm: ResolvedVm): string | undefined {
  if (!Array.isArray(answer)) return 'it is no list of mappings';
  for (const [index, mapping] of (answer as readonly DomainMapping[]).entries()) {
    if (!isObject(mapping) || ![mapping.iova, mapping.offset, mapping.size].every(isU64)) {
      return `mapping ${index + 1} has no address, or no offset or size`;
    }
    if (mapping.remark !== undefined && !isText(mapping.remark)) return `mapping ${index + 1} remarks nothing`;
    const { memory, offset, size } = mapping;
    const entry = vm.memory[memory];
    if (!entry) return `mapping ${index + 1} is of memory ${memory}, and the VM has ${vm.memory.length} entries`;
    if (size === 0n || offset + size > entry.size) {
      return `mapping ${index + 1} is of ${hex(size)} bytes at ${hex(offset)} of memory ${memory}, which has ${hex(entry.size)}`;
    }
  }
  return faultOfAddresses(answer as readonly DomainMapping[]);
}

/** No two mappings share an address, and none goes beyond the last. */
function faultOfAddresses(mappings: readonly DomainMapping[]): string | undefined {
  const sorted = [...mappings].sort((a, b) => (a.iova < b.iova ? -1 : a.iova > b.iova ? 1 : 0));
  for (const [index, { iova, size }] of sorted.entries()) {
    const last = lastOf(iova, size);
    if (last > U64_MAX) return `it maps ${hex(size)} bytes at ${hex(iova)}`;
    const next = sorted[index + 1];
    if (next && next.iova <= last) return `two mappings have the address ${hex(next.iova)}`;
  }
  return undefined;
}

export function faultOfParameters(answer: unknown): string | undefined {
  if (!Array.isArray(answer)) return 'it is no list of parameters';
  const areParameters = (answer as readonly ParameterSwitch[]).every(
    (one) => isObject(one) && isName(one.module) && isName(one.parameter) && one.value === 'Y' && isText(one.cause),
  );
  return areParameters ? undefined : 'a parameter has no name, or no cause';
}

const isName = (value: unknown): boolean => typeof value === 'string' && /^\w{1,64}$/.test(value);
