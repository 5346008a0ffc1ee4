import {
  type ContainerIoctl,
  type DomainMapping,
  type DomainStep,
  hex,
  lastOf,
  type ParameterSwitch,
  type ResolvedVm,
  U64_MAX,
} from '../../model/index.ts';

const isText = (value: unknown): boolean => typeof value === 'string' && value.length > 0 && value.length <= 1024;

/** What is wrong with what a hook returned as steps of a domain, in words; undefined where nothing is. */
export function faultOfDomainSteps(answer: unknown): string | undefined {
  if (!Array.isArray(answer)) return 'it is no list of steps';
  const subjects = new Set<string>();
  for (const [index, step] of (answer as readonly DomainStep[]).entries()) {
    const fault = faultOfStep(step);
    if (fault !== undefined) return `step ${index + 1} ${fault}`;
    if (subjects.has(step.subject)) return `two steps are about ${step.subject}`;
    subjects.add(step.subject);
  }
  return undefined;
}

function faultOfStep(step: DomainStep): string | undefined {
  if (typeof step !== 'object' || step === null) return 'is no step';
  if (!isText(step.subject) || !isText(step.cause)) return 'does not say what it is about, or why';
  switch (step.kind) {
    case 'ioctl':
      return faultOfIoctl(step) ?? (step.undo ? faultOfIoctl(step.undo) : undefined);
    case 'check-info':
      return undefined;
    default:
      return `is of the kind ${JSON.stringify((step as { kind?: unknown }).kind)}, which there is not`;
  }
}

function faultOfIoctl({ request, number, fields, meaning }: ContainerIoctl): string | undefined {
  if (!/^VFIO_[A-Z0-9_]{1,60}$/.test(request) || !isText(meaning)) return 'is an ioctl without a name or a meaning';
  // Below are the calls of every container, group and device.
  if (!Number.isInteger(number) || number < 12 || number > 127) return `has the number ${number}, which is no IOMMU's`;
  if (!Array.isArray(fields)) return 'has no list of fields';
  for (const { name, width, value, expect } of fields) {
    for (const one of expect === undefined ? [value] : [value, expect]) {
      if (typeof one !== 'bigint' || one < 0n || one >> BigInt(8 * width) !== 0n) {
        return `has a value for ${name} that does not fit its ${width} bytes`;
      }
    }
  }
  return undefined;
}

/** Mappings are of the VM's own memory, each inside its entry. */
export function faultOfMappings(answer: unknown, vm: ResolvedVm): string | undefined {
  if (!Array.isArray(answer)) return 'it is no list of mappings';
  for (const [index, mapping] of (answer as readonly DomainMapping[]).entries()) {
    const { memory, offset, size } = mapping;
    const entry = vm.memory[memory];
    if (!entry) return `mapping ${index + 1} is of memory ${memory}, and the VM has ${vm.memory.length} entries`;
    if (size <= 0n || offset < 0n || offset + size > entry.size) {
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
    if (iova < 0n || last > U64_MAX) return `it maps ${hex(size)} bytes at ${hex(iova)}`;
    const next = sorted[index + 1];
    if (next && next.iova <= last) return `two mappings have the address ${hex(next.iova)}`;
  }
  return undefined;
}

export function faultOfParameters(answer: unknown): string | undefined {
  if (!Array.isArray(answer)) return 'it is no list of parameters';
  const bad = (answer as readonly ParameterSwitch[]).find(
    ({ module, parameter, value, cause }) =>
      !/^\w{1,64}$/.test(module) || !/^\w{1,64}$/.test(parameter) || value !== 'Y' || !isText(cause),
  );
  return bad ? 'a parameter has no name, or no cause' : undefined;
}
