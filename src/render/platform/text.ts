import { describeDevice, type HostIndex, printable } from '../../model/index.ts';
import { type InventoryPaint, PLAIN } from '../inventory-columns.ts';
import { problemsOf } from '../inventory-problems.ts';
import type { ChildReport, DependencyReport, PlatformReport, TreeReport } from './report.ts';
import { columns, tableLines } from './table.ts';
import { coherencyWords, isolationWords, liodnWords, resetWords, streamWords } from './words.ts';

type Fact = [name: string, value: string];

/**
 * Everything about one platform device: what it is, what is below it, the table of its regions and interrupts, and what
 * it depends on.
 *
 * @param why why the node has no Linux device, in sentences; null for a device.
 */
export function renderPlatform(
  host: HostIndex,
  { device, tree }: PlatformReport,
  why: string | null,
  paint: InventoryPaint = PLAIN,
): string {
  const facts = [
    ...(device ? deviceFacts(host, device) : []),
    ...(tree ? treeFacts(tree, device?.bus === 'amba') : []),
  ];
  const width = Math.max(...facts.map(([name]) => name.length));
  const problems = device ? problemsOf(host).filter((problem) => problem.device === device.address) : [];
  const groupProblems = device
    ? problemsOf(host).filter((one) => one.device === null && one.group === device.group)
    : [];
  return `${[
    paint.heading(printable(device?.address ?? tree?.node.path ?? '')),
    ...facts.map(([name, value]) => `  ${name.padEnd(width)}  ${printable(value)}`),
    ...(why === null ? [] : [`  ${paint.problem(`! no Linux device: ${printable(why)}`)}`]),
    ...[...groupProblems, ...problems].map(({ text }) => `  ${paint.problem(`! ${printable(text)}`)}`),
    ...(tree ? treeLines(tree) : []),
  ].join('\n')}\n`;
}

function deviceFacts(host: HostIndex, device: NonNullable<PlatformReport['device']>): Fact[] {
  const group = device.group === null ? undefined : host.groups.get(device.group);
  const siblings = device.group === null ? [] : (host.members.get(device.group) ?? []).filter((one) => one !== device);
  return [
    ['path', device.sysfsPath],
    ['bus', device.bus],
    ['driver', device.driver ?? '-'],
    ['override', device.driverOverride ?? '-'],
    ['group', group ? `${group.id}${group.type === null ? '' : ` (${group.type})`}` : '-'],
    ...siblings.map((sibling): Fact => ['with', describeDevice(sibling)]),
    ...(device.numaNode === null ? [] : [['NUMA node', String(device.numaNode)] as Fact]),
    ...device.netdevs.map(({ name, up }): Fact => ['interface', `${name}, ${up ? 'up' : 'down'}`]),
    ...device.blocks.map(({ name }): Fact => ['disk', name]),
    ...(device.treePath === null ? [['tree path', '-'] as Fact] : []),
  ];
}

function treeFacts(report: TreeReport, isAmba: boolean): Fact[] {
  const streams = streamWords(report.streams);
  return [
    ['tree path', report.node.path],
    ['compatible', report.compatible.join(', ') || '-'],
    ['status', report.status],
    ...(streams.length > 0 ? streams.map((words): Fact => ['stream', words]) : [['stream', '-'] as Fact]),
    ...(report.liodn ? [['LIODN', liodnWords(report.liodn)] as Fact] : []),
    ['coherent', coherencyWords(report.coherency, report.dma, report.liodn)],
    ['MSI isolated', isolationWords(report.msi)],
    ['reset', resetWords(report, isAmba)],
  ];
}

function treeLines({ children, table, dependencies, broken }: TreeReport): string[] {
  return [
    ...columns(['child', 'is', 'name', 'group', 'driver'], children.map(childCells)),
    ...tableLines(table),
    ...columns(
      ['needs', 'node', 'property', 'provider', 'specifier', 'name', 'also used by'],
      dependencies.map(needCells),
    ),
    ...(broken.length > 0 ? ['', ...broken.map((text) => `  ! cannot be read: ${printable(text)}`)] : []),
  ];
}

function childCells({ path, kind, name, group, driver, bus, hasStream }: ChildReport): string[] {
  const is = {
    device: `device of its own${hasStream ? '' : ', without a stream'}`,
    'made-by-driver': 'device while the driver above is bound',
    'other-bus': `on the ${bus} bus`,
    description: 'description only',
  }[kind];
  return [path, is, name ?? '-', group === null ? '-' : String(group), driver ?? '-'];
}

/** How many other users a cell names; the JSON has them all. */
const USERS_NAMED = 3;

function needCells({ kind, path, property, dtIndex, provider, specifier, name, others }: DependencyReport): string[] {
  const named = others.slice(0, USERS_NAMED).map((node) => node.path);
  const more = others.length > USERS_NAMED ? ` and ${others.length - USERS_NAMED} more` : '';
  return [
    kind,
    path,
    `${property} [${dtIndex}]`,
    provider.path,
    specifier.map((cell) => `0x${cell.toString(16)}`).join(' ') || '-',
    name ?? '-',
    others.length === 0 ? '-' : `${named.join(' ')}${more}`,
  ];
}
