import { hex, type StepKind, type StepOf } from '../../model/index.ts';
import { cString } from './escape.ts';
import { type ArgumentsOf, array, device, type HandleOf, members, pageSize } from './write.ts';

const MAP_FLAGS = {
  read: 'MAP_FLAG_READ',
  write: 'MAP_FLAG_WRITE',
  'read-write': 'MAP_FLAG_READ | MAP_FLAG_WRITE',
} as const satisfies Record<StepOf<'map-dma'>['access'], string>;

const iommu = (step: StepOf<'check-extension' | 'set-iommu'>, of: HandleOf): string =>
  members('iommu', { container: of(step.container), extension: step.extension, model: cString(step.type) });
const limit = (bytes: bigint | null): string => (bytes === null ? 'RLIM_INFINITY' : hex(bytes));
const groupHandle = (step: { readonly groupHandle: string }, of: HandleOf): string =>
  `handle = ${of(step.groupHandle)}`;
const handle = (step: { readonly handle: string }, of: HandleOf): string => `handle = ${of(step.handle)}`;

function ioctl(step: StepOf<'container-ioctl'>, of: HandleOf): string {
  const fields = step.fields.map(({ name, width, value, expect }) => {
    const expected = expect === undefined ? 'false, 0' : `true, ${hex(expect)}`;
    return `{ ${cString(name)}, ${width}, ${hex(value)}, ${expected} }`;
  });
  return members('call', {
    container: of(step.container),
    request: cString(step.request),
    number: step.number,
    at_least: step.atLeast ?? 'ZERO',
    members: array('struct ioctl_member', fields),
    count: fields.length,
  });
}

/** Containers, groups, and the memory that is mapped in them. */
export const CONTAINER_ARGUMENTS = {
  'open-container': handle,
  'check-api-version': (step, of) => `handle = ${of(step.container)}`,
  'check-extension': iommu,
  'open-group': (step, of) => members('group', { handle: of(step.handle), number: step.group }),
  'open-noiommu-group': (step, of) => members('group', { handle: of(step.handle), device: device(step) }),
  'check-group-viable': groupHandle,
  'set-container': (step, of) => members('join', { group: of(step.groupHandle), container: of(step.container) }),
  'unset-container': groupHandle,
  'set-iommu': iommu,
  'check-iommu-info': (step, of) =>
    members('needs', {
      container: of(step.container),
      page_size: hex(step.pageSize),
      mappings: step.mappings,
      ranges: array(
        'struct iova_range',
        step.ranges.map(({ first, last }) => `{ ${hex(first)}, ${hex(last)} }`),
      ),
      count: step.ranges.length,
    }),
  'container-ioctl': ioctl,
  'set-memlock-limit': ({ soft, hard }) => members('limit', { soft: limit(soft), hard: limit(hard) }),
  'create-memfd': (step, of) =>
    members('memory', { handle: of(step.handle), page_size: pageSize(step.pageSize), memfd: 'NO_HANDLE' }),
  'resize-memfd': (step, of) => members('memory', { handle: of(step.memfd), size: hex(step.size) }),
  'allocate-memory': (step, of) =>
    members('memory', {
      handle: of(step.handle),
      size: hex(step.size),
      page_size: pageSize(step.pageSize),
      memfd: step.memfd === null ? 'NO_HANDLE' : of(step.memfd),
    }),
  'free-memory': (step, of) => members('memory', { handle: of(step.memory), size: hex(step.size) }),
  'map-dma': (step, of) =>
    members('mapping', {
      container: of(step.container),
      memory: of(step.memory),
      offset: hex(step.offset),
      iova: hex(step.iova),
      size: hex(step.size),
      flags: MAP_FLAGS[step.access],
    }),
  'unmap-dma': (step, of) =>
    members('mapping', { container: of(step.container), iova: hex(step.iova), size: hex(step.size) }),
  'create-eventfd': handle,
  close: handle,
} satisfies { readonly [K in StepKind]?: ArgumentsOf<K> };
