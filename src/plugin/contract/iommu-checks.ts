import {
  bytes,
  type DomainContext,
  hasErrors,
  type HostIndex,
  indexHost,
  iova,
  type IommuPlugin,
  type PluginOptions,
  type ResolvedVm,
  type Span,
} from '../../model/index.ts';
import { frozen } from './equal.ts';
import { hostWith } from './made-up.ts';
import { callTwice } from './pure.ts';
import type { ContractCheck, ContractSubject } from './subject.ts';

const CLAIMS: readonly unknown[] = ['exact', 'generic', 'none'];
type Pages = Pick<ResolvedVm['memory'][number], 'backing' | 'pageSize'>;

/** An IOMMU with few windows takes large pages only. */
const PAGES: readonly Pages[] = [
  { backing: 'anonymous', pageSize: null },
  { backing: 'hugetlb', pageSize: bytes(64n << 20n) },
];

const START = { line: 1, column: 1, offset: 0 };
const HERE: Span = { file: 'made-up.yaml', start: START, end: START };

/** What an IOMMU plugin has to keep, on the hosts that it is given and on one that has nothing. */
export function iommuChecks(subject: ContractSubject, plugin: IommuPlugin, options: PluginOptions): ContractCheck[] {
  const hosts = [indexHost(hostWith([])), ...subject.hosts].map((host) => frozen(host));
  const impure: string[] = [];
  const ask = <T>(hook: string, run: () => T): T => {
    const { value, failures } = subject.plugins.call(plugin, hook, () => callTwice(run));
    impure.push(...failures.map((failure) => `${hook}: ${failure}`));
    return value;
  };
  const claims = hosts.map((host) => ({ host, claim: ask('claims', () => plugin.claims(host)) }));
  for (const { host } of claims) {
    for (const device of host.byAddress.values()) ask('describe', () => plugin.describe?.(device, host) ?? []);
    ask('backend', () => plugin.backend?.(host) ?? null);
  }
  const claimed = claims.filter(({ claim }) => claim !== 'none').map(({ host }) => host);
  // One that claims no host is used where a manifest names it, which may be anywhere.
  const tried = claimed.length > 0 ? claimed : hosts;
  const contexts = tried.flatMap((host) => PAGES.map((pages) => frozen(contextOf(plugin, host, options, pages))));
  const broken = new Set<string>();
  const lawful = contexts.filter((context) => {
    const found = (plugin.laws ?? []).flatMap((law) => ask(`law ${law.id}`, () => [...law.check(context)]));
    for (const { code, severity } of found) if (severity === 'error') broken.add(code);
    return !hasErrors(found);
  });
  const steps = lawful.flatMap((context) => {
    const domain = [
      ...ask('configure', () => plugin.configure?.(context) ?? []),
      ...ask('complete', () => plugin.complete?.(context) ?? []),
    ];
    const parameters = ask('parameters', () => plugin.parameters?.(context) ?? []);
    const mappings = ask('mappings', () => plugin.mappings?.(context) ?? []);
    return [{ domain, parameters, mappings, vm: context.vm }];
  });
  return withoutRepetition([
    { name: 'hooks are pure: the same arguments give the same steps, and nothing else is touched', failures: impure },
    {
      name: 'claims says "exact", "generic" or "none"',
      failures: claims.flatMap(({ claim }) => (CLAIMS.includes(claim) ? [] : [`it says ${JSON.stringify(claim)}`])),
    },
    {
      name: 'it was asked about a host of which its laws have nothing to say',
      failures:
        lawful.length > 0
          ? []
          : [`there is none (${[...broken].join(', ')}): give one with --host, or put its snapshot into hosts/`],
    },
    {
      name: 'each step says what it is about and why',
      failures: steps.flatMap(({ domain, parameters }) => [
        ...domain.flatMap(({ subject: about, cause }) => (about && cause ? [] : [`${about || 'a step'} does not`])),
        ...parameters.flatMap(({ parameter, cause }) => (cause ? [] : [`the parameter ${parameter} does not`])),
      ]),
    },
    {
      name: 'no part of the memory is mapped twice, and none is left out',
      failures: steps.flatMap(({ mappings, vm }) => faultsOfCover(mappings, vm)),
    },
  ]);
}

/** What is wrong on one host is often wrong on all. */
const withoutRepetition = (checks: readonly ContractCheck[]): ContractCheck[] =>
  checks.map(({ name, failures }) => ({ name, failures: [...new Set(failures)] }));

/** A VM with memory of two sizes and no device: what a plugin does for devices is shown by its own tests. */
function contextOf(plugin: IommuPlugin, host: HostIndex, options: PluginOptions, pages: Pages): DomainContext {
  const model = plugin.models[0];
  const memory = [
    { iova: iova(0n), size: bytes(256n << 20n) },
    { iova: iova(256n << 20n), size: bytes(64n << 20n) },
  ];
  const vm: ResolvedVm = {
    name: 'made-up',
    at: HERE,
    run: null,
    iommu: {
      type: model?.name ?? '',
      extension: model?.extension ?? 0,
      isolates: plugin.isolates,
      plugins: [plugin],
      options,
      unsafeInterrupts: false,
      at: HERE,
    },
    handoff: { mode: 'hold', at: HERE },
    memory: (plugin.isolates ? memory : []).map((entry) => ({
      ...entry,
      ...pages,
      reserve: false,
      access: 'read-write',
      at: HERE,
      iovaAt: HERE,
      sizeAt: HERE,
    })),
    msi: { banks: 0, at: HERE },
    devices: [],
  };
  return { vm, host, options };
}

function faultsOfCover(
  mappings: readonly { memory: number; offset: bigint; size: bigint }[],
  vm: ResolvedVm,
): string[] {
  if (mappings.length === 0) return [];
  return vm.memory.flatMap(({ size }, index) => {
    const parts = mappings.filter(({ memory }) => memory === index).sort((a, b) => (a.offset < b.offset ? -1 : 1));
    let end = 0n;
    for (const { offset, size: part } of parts) {
      if (offset !== end) return [`entry ${index} of the memory is not covered from byte ${end} on`];
      end += part;
    }
    return end === size ? [] : [`of entry ${index} of the memory, ${end} of ${size} bytes are mapped`];
  });
}
