import { hex, type RegisterStep, type StepKind, type StepOf } from '../../model/index.ts';
import { cString } from './escape.ts';
import { type ArgumentsOf, array, bus, device, type HandleOf, members } from './write.ts';

const REGION_FLAGS = {
  read: 'REGION_FLAG_READ',
  write: 'REGION_FLAG_WRITE',
  mmap: 'REGION_FLAG_MMAP',
} as const;
const LEVEL = { level: 1, edge: 0 } as const;
/** As VFIO_DEVICE_GET_DEVTREE_INFO was proposed. */
const TREE_TYPE = { region: 0, interrupt: 1 } as const satisfies Record<StepOf<'check-devtree-info'>['type'], number>;

/** PCI's kinds of interrupt have names, those of other devices numbers. */
const interrupt = (index: StepOf<'set-irqs'>['index']): string =>
  typeof index === 'number' ? String(index) : `IRQ_${index.toUpperCase()}`;

type Place = Pick<RegisterStep, 'index' | 'offset' | 'width' | 'order' | 'register'>;

const register = (deviceHandle: string, { index, offset, width, order, register: name }: Place, of: HandleOf): string =>
  `{ ${of(deviceHandle)}, ${index}, ${hex(offset)}, ${width}, ${order === 'big'}, ${cString(name)} }`;

function access(
  step: RegisterStep,
  of: HandleOf,
  values: Readonly<Record<string, string | number | boolean | undefined>>,
): string {
  const { deviceHandle, when } = step;
  const condition = when
    ? `&(const struct condition){ ${register(deviceHandle, when, of)}, ${hex(when.mask)}, ${hex(when.equals)} }`
    : undefined;
  return members('access', {
    reg: register(deviceHandle, step, of),
    when: condition,
    ...values,
    quiesce: step.part === 'quiesce',
  });
}

const deviceHandle = (step: { readonly deviceHandle: string }, of: HandleOf): string => of(step.deviceHandle);

/** Open devices: what is asked of them, their interrupts, their registers, their resets. */
export const DEVICE_ARGUMENTS = {
  'open-device': (step, of) =>
    members('open', { handle: of(step.handle), group: of(step.groupHandle), device: device(step) }),
  'check-device-info': (step, of) =>
    members('info', {
      device: deviceHandle(step, of),
      bus: bus(step.bus),
      regions: step.regions ?? 'ANY',
      irqs: step.irqs ?? 'ANY',
      reset: step.reset ?? false,
    }),
  'check-region-info': (step, of) =>
    members('region', {
      device: deviceHandle(step, of),
      index: step.index,
      sized: step.size !== undefined,
      size: step.size === undefined ? undefined : hex(step.size),
      flags: step.flags?.map((flag) => REGION_FLAGS[flag]).join(' | '),
    }),
  'check-irq-info': (step, of) =>
    members('irq', {
      device: deviceHandle(step, of),
      index: interrupt(step.index),
      count: step.count,
      level: step.trigger === undefined ? 'ANY' : LEVEL[step.trigger],
    }),
  'check-devtree-info': (step, of) =>
    members('tree', {
      device: deviceHandle(step, of),
      type: TREE_TYPE[step.type],
      index: step.index,
      path: cString(step.path),
      dt_index: step.dtIndex,
    }),
  'reset-device': (step, of) => members('reset', { device: deviceHandle(step, of), best_effort: step.bestEffort }),
  'check-hot-reset': (step, of) =>
    members('reset', {
      device: deviceHandle(step, of),
      owned: array('char *const', step.owned.map(cString)),
      count: step.owned.length,
    }),
  'hot-reset': (step, of) =>
    members('reset', {
      device: deviceHandle(step, of),
      best_effort: step.bestEffort,
      groups: array('int', step.groupHandles.map(of)),
      count: step.groupHandles.length,
    }),
  'write-region': (step, of) => access(step, of, { value: hex(step.value) }),
  'modify-region': (step, of) => access(step, of, { mask: hex(step.clear), value: hex(step.set) }),
  'expect-region': (step, of) =>
    access(step, of, {
      mask: hex(step.mask),
      value: hex(step.equals),
      warn: step.onMismatch === 'warn',
      action: cString(step.action),
    }),
  'poll-region': (step, of) =>
    access(step, of, {
      mask: hex(step.mask),
      value: hex(step.equals),
      warn: step.onTimeout === 'warn',
      interval_us: step.intervalMicroseconds,
      timeout_ms: step.timeoutMilliseconds,
      action: cString(step.action),
    }),
  delay: (step) => `microseconds = ${step.microseconds}`,
  'set-irqs': (step, of) =>
    members('irq', {
      device: deviceHandle(step, of),
      index: interrupt(step.index),
      count: step.eventfds.length,
      eventfds: array('int', step.eventfds.map(of)),
    }),
  'clear-irqs': (step, of) => members('irq', { device: deviceHandle(step, of), index: interrupt(step.index) }),
  'set-irq-unmask': (step, of) =>
    members('irq', { device: deviceHandle(step, of), index: step.index, eventfd: of(step.eventfd) }),
  'clear-irq-unmask': (step, of) =>
    members('irq', { device: deviceHandle(step, of), index: step.index, eventfd: 'NO_HANDLE' }),
} satisfies { readonly [K in StepKind]?: ArgumentsOf<K> };
