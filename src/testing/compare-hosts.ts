import { isDeepStrictEqual } from 'node:util';
import type { HostInventory, KernelModule } from '../model/index.ts';

/**
 * What differs between a host before and after, a line each; nothing where everything came back. The one thing that may
 * stay is a module that was loaded meanwhile (docs/adr/0002-modules-stay-loaded.md), and with it VFIO's node.
 */
export function hostDifferences(before: HostInventory, after: HostInventory): string[] {
  const { modules, vfio, devices, groups, ...rest } = after;
  return [
    ...moduleDifferences(before.modules, modules),
    ...(before.vfio.container && !isDeepStrictEqual(before.vfio, vfio) ? ['vfio'] : []),
    ...Object.entries(rest).flatMap(([part, now]) =>
      isDeepStrictEqual(now, before[part as keyof HostInventory]) ? [] : [part],
    ),
    ...itemDifferences('group', before.groups, groups, ({ id }) => id),
    ...itemDifferences('device', before.devices, devices, ({ address }) => address),
  ];
}

function moduleDifferences(before: HostInventory['modules'], after: HostInventory['modules']): string[] {
  const mayBe = (was: KernelModule, now: KernelModule | undefined): boolean =>
    isDeepStrictEqual(was, now) || (was.state === 'available' && now?.state === 'loaded');
  return Object.entries(before).flatMap(([name, was]) => (mayBe(was, after[name]) ? [] : [`module ${name}`]));
}

function itemDifferences<T extends object>(
  kind: string,
  before: readonly T[],
  after: readonly T[],
  key: (item: T) => string | number,
): string[] {
  const now = new Map(after.map((item) => [key(item), item]));
  const lines = before.flatMap((was) => {
    const is = now.get(key(was));
    now.delete(key(was));
    if (is === undefined) return [`${kind} ${key(was)} is gone`];
    return Object.entries(was).flatMap(([name, value]) => {
      const then: unknown = is[name as keyof T];
      return isDeepStrictEqual(value, then)
        ? []
        : [`${kind} ${key(was)}: ${name} was ${show(value)}, is ${show(then)}`];
    });
  });
  return [...lines, ...[...now.keys()].map((added) => `${kind} ${added} is new`)];
}

const show = (value: unknown): string =>
  JSON.stringify(value, (_, inner: unknown) => (typeof inner === 'bigint' ? `0x${inner.toString(16)}` : inner)) ??
  String(value);
