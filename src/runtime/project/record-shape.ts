import { isDeviceName } from '../../model/index.ts';

type Check = (value: unknown) => boolean;

const isText: Check = (value) => typeof value === 'string';
const isTextOrNull: Check = (value) => value === null || isText(value);
const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const listOf =
  (check: Check): Check =>
  (value) =>
    Array.isArray(value) && value.every(check);
const oneOf =
  (...words: readonly unknown[]): Check =>
  (value) =>
    words.includes(value);
const withKeys =
  (checks: Readonly<Record<string, Check>>): Check =>
  (value) =>
    isObject(value) &&
    Object.entries(checks).every(([key, check]) => check(Object.hasOwn(value, key) ? value[key] : undefined));

/** See `Phase` in record.ts. */
export const PHASES = ['starting', 'up', 'going-back', 'back', 'stuck'] as const;

/** PID_MAX_LIMIT of the kernel (include/linux/threads.h). A number that is none, such as -1, would mean every process. */
const MAX_PID = 4 * 1024 * 1024;
const isPid: Check = (value) => Number.isInteger(value) && (value as number) >= 1 && (value as number) <= MAX_PID;

const isOwner = withKeys({
  pid: isPid,
  startTime: (value) => value === null || (typeof value === 'string' && /^\d{1,20}$/.test(value)),
  kind: oneOf('foreground', 'supervisor'),
});

/** From these, paths of the host are made. */
const isAddress: Check = (value) => typeof value === 'string' && isDeviceName(value);
const isGroup: Check = (value) => value === null || (Number.isInteger(value) && (value as number) >= 0);

const isAssignment = withKeys({
  vm: isText,
  device: isText,
  bus: oneOf('pci', 'platform', 'amba'),
  address: isAddress,
  group: isGroup,
  driver: isText,
});

const isAbsolute: Check = (value) => typeof value === 'string' && value.startsWith('/') && !value.includes('\0');

const CHECKS: Readonly<Record<string, Check>> = {
  format_version: oneOf(1),
  name: isText,
  toolVersion: isText,
  phase: oneOf(...PHASES),
  owner: (value) => value === null || isOwner(value),
  hostFile: (value) => value === null || isAbsolute(value),
  source: isText,
  since: isText,
  plugins: listOf(withKeys({ name: isText, writtenIn: isAbsolute })),
  assignments: listOf(isAssignment),
  left: listOf(withKeys({ step: isText, resource: isText, explanation: isText })),
  failure: isTextOrNull,
};

/**
 * The first key of a record that is not as this version writes it; undefined where all are. Other keys are let be: a later
 * version may have more.
 */
export function faultInRecord(value: unknown): string | undefined {
  if (!isObject(value)) return 'the record itself';
  return Object.entries(CHECKS).find(([key, check]) => !check(Object.hasOwn(value, key) ? value[key] : undefined))?.[0];
}
