import type { Fact, Plan } from '../../model/index.ts';
import { cString } from './escape.ts';

/** A fact as the program looks it up: the kind of `enum fact_kind` (templates/c/step.c), where, and what has to be there. */
interface Lookup {
  readonly kind: 'MACHINE' | 'PAGE_SIZE' | 'LINK_NAME' | 'REAL_PATH' | 'TEXT' | 'ENTRIES' | 'EXISTS' | 'LOCK_LIMIT';
  readonly path: string;
  readonly value: string | null;
}

/** The facts of a plan that its program looks up, as initializers, and those that it leaves to the reader. */
export interface PlanFacts {
  readonly checked: readonly string[];
  readonly unchecked: readonly Fact[];
}

/** As the schema has the names of devices and modules: nothing that could leave its folder. */
const NAME = /^(?!\.\.?$)[A-Za-z0-9,._+@:#-]{1,200}$/;

/**
 * Only what a few reads of sysfs answer is looked up on the target: the machine, and of each device and group who it is
 * and which driver has it. What the host does with a device and what its device tree says stays with whoever plans.
 */
export function cFacts(plan: Plan): PlanFacts {
  const buses = busesOf(plan);
  const checked: string[] = [];
  const unchecked: Fact[] = [];
  for (const fact of plan.facts) {
    const lookups = lookupsOf(fact, buses);
    if (lookups.length === 0) unchecked.push(fact);
    for (const { kind, path, value } of lookups) {
      const what = cString(`${fact.property} of ${fact.subject}`);
      checked.push(`    { ${what}, FACT_${kind}, ${cString(path)}, ${value === null ? 'NULL' : cString(value)} },`);
    }
  }
  // A plan whose facts somebody took out is still one for its machine.
  const machine = `    { "machine", FACT_MACHINE, "", ${cString(plan.host.architecture)} },`;
  return { checked: [machine, ...checked], unchecked };
}

function lookupsOf({ subject, property, value }: Fact, buses: ReadonlyMap<string, string>): Lookup[] {
  const space = subject.indexOf(' ');
  const kind = space < 0 ? subject : subject.slice(0, space);
  const name = space < 0 ? '' : subject.slice(space + 1);
  if (kind === 'kernel') return ofKernel(property, value);
  if (kind === 'process') return property === 'locked memory' ? [{ kind: 'LOCK_LIMIT', path: '', value }] : [];
  if (kind === 'pool') return ofPool(name, property, value);
  if (!NAME.test(name)) return [];
  if (kind === 'pf' && property === 'virtual functions') {
    return [{ kind: 'TEXT', path: `/sys/bus/pci/devices/${name}/sriov_numvfs`, value }];
  }
  if (kind === 'pf') return ofDevice(`/sys/bus/pci/devices/${name}`, property, value);
  if (kind === 'device') return ofDevice(`/sys/bus/${buses.get(name)}/devices/${name}`, property, value);
  if (kind === 'group') return property === 'members' ? ofMembers(name, value ?? '') : [];
  return kind === 'module' ? ofModule(`/sys/module/${name.replaceAll('-', '_')}`, property, value) : [];
}

function ofKernel(property: string, value: string | null): Lookup[] {
  if (property === 'architecture') return [{ kind: 'MACHINE', path: '', value }];
  return property === 'page size' ? [{ kind: 'PAGE_SIZE', path: '', value }] : [];
}

function ofPool(size: string, property: string, value: string | null): Lookup[] {
  if (property !== 'pages' || !/^[0-9]{1,19}$/.test(size)) return [];
  const path = `/sys/kernel/mm/hugepages/hugepages-${BigInt(size) >> 10n}kB/nr_hugepages`;
  return [{ kind: 'TEXT', path, value }];
}

function ofDevice(path: string, property: string, value: string | null): Lookup[] {
  if (property === 'driver') return [{ kind: 'LINK_NAME', path: `${path}/driver`, value }];
  if (property === 'driver override') return [{ kind: 'TEXT', path: `${path}/driver_override`, value }];
  if (property !== 'identity') return [];
  const [, who = '', where] = /^(.*) at (\/sys\/.*)$/.exec(value ?? '') ?? [];
  const [, vendor, device] = /^([0-9a-f]{4}):([0-9a-f]{4})$/.exec(who) ?? [];
  return [
    ...(where === undefined ? [] : [{ kind: 'REAL_PATH' as const, path, value: where }]),
    ...(vendor === undefined ? [] : [{ kind: 'TEXT' as const, path: `${path}/vendor`, value: `0x${vendor}` }]),
    ...(device === undefined ? [] : [{ kind: 'TEXT' as const, path: `${path}/device`, value: `0x${device}` }]),
  ];
}

/** `0000:01:00.0=e1000e 0000:01:00.1=no driver`: a driver's name may have spaces. */
function ofMembers(group: string, value: string): Lookup[] {
  const folder = `/sys/kernel/iommu_groups/${group}/devices`;
  const members = value.split(/ (?=[^ =]+=)/).map((member) => member.split('=', 2));
  return [
    { kind: 'ENTRIES', path: folder, value: String(members.length) },
    ...members.map(([address = '', driver = '']): Lookup => {
      const path = `${folder}/${address}/driver`;
      return { kind: 'LINK_NAME', path, value: driver === 'no driver' ? null : driver };
    }),
  ];
}

function ofModule(path: string, property: string, value: string | null): Lookup[] {
  if (property !== 'state') return [{ kind: 'TEXT', path: `${path}/parameters/${property}`, value }];
  if (value !== 'loaded' && value !== 'available') return [];
  return [{ kind: 'EXISTS', path, value: value === 'loaded' ? 'there' : null }];
}

/** Of every device that the plan knows the bus of. */
function busesOf(plan: Plan): ReadonlyMap<string, string> {
  const ofSteps = [...plan.up, ...plan.down].flatMap((step) => ('device' in step ? [step.device] : []));
  return new Map([...plan.assignments, ...ofSteps].map(({ address, bus }) => [address, bus]));
}
