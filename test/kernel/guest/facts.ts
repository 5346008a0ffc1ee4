import { closeSync, existsSync, openSync, readSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import path from 'node:path';
import { PCI } from './pci.ts';

/**
 * What this kernel shows of itself, in the raw: the material from which the reader of the inventory and the simulated
 * kernel are checked. Written as text, since it is read by people.
 */
export function rawFacts(): string {
  return [
    ...readdirSync(`${PCI}/devices`).sort().flatMap(pciDevice),
    ...section('/sys/kernel/iommu_groups', iommuGroups()),
    ...section('/sys/class/iommu', iommuClass()),
    ...section('module parameters', moduleParameters()),
    ...[
      '/proc/cmdline',
      '/proc/version',
      '/proc/interrupts',
      '/proc/modules',
      '/proc/self/limits',
      '/proc/iomem',
    ].flatMap((file) => section(file, contentOf(file).split('\n'))),
    ...section(
      '/proc/meminfo',
      contentOf('/proc/meminfo')
        .split('\n')
        .filter((line) => /Huge|Mem|Mlocked/.test(line)),
    ),
    ...section('/dev/vfio', list('/dev/vfio')),
    ...section('/sys/bus/pci/drivers', list(`${PCI}/drivers`)),
    ...section('/sys/kernel/mm/hugepages', list('/sys/kernel/mm/hugepages')),
    ...section('kernel messages on the IOMMU', kernelMessages()),
  ].join('\n');
}

function section(title: string, lines: readonly string[]): readonly string[] {
  return ['', `== ${title}`, ...lines];
}

function pciDevice(name: string): readonly string[] {
  const folder = `${PCI}/devices/${name}`;
  const lines = readdirSync(folder)
    .sort()
    .map((entry) => `${entry}${describe(path.join(folder, entry))}`);
  return section(`${folder} -> ${readlinkSync(folder)}`, [
    ...lines,
    `config[0..64) ${firstBytes(`${folder}/config`, 64)}`,
  ]);
}

/** Small text attributes with their value, links with their target, the rest by name only. */
function describe(file: string): string {
  const target = linkTarget(file);
  if (target !== undefined) return ` -> ${target}`;
  const name = path.basename(file);
  if (existsSync(`${file}/.`)) return `/ ${list(file).join(' ')}`;
  if (/^(config|rom|resource\d.*|remove|rescan|reset|vpd|bus_rescan)$/.test(name)) return '';
  return `: ${contentOf(file).trim().split('\n').join('\n    ')}`;
}

function linkTarget(file: string): string | undefined {
  try {
    return readlinkSync(file);
  } catch {
    return undefined;
  }
}

function contentOf(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    return `(${(error as NodeJS.ErrnoException).code ?? 'unreadable'})`;
  }
}

function list(folder: string): readonly string[] {
  return existsSync(folder) ? readdirSync(folder).sort() : ['(missing)'];
}

function firstBytes(file: string, count: number): string {
  const bytes = Buffer.alloc(count);
  const fd = openSync(file, 'r');
  readSync(fd, bytes, 0, count, 0);
  closeSync(fd);
  return bytes.toString('hex');
}

function iommuGroups(): readonly string[] {
  const root = '/sys/kernel/iommu_groups';
  return readdirSync(root)
    .sort((a, b) => Number(a) - Number(b))
    .flatMap((group) => [
      `group ${group}: type ${contentOf(`${root}/${group}/type`).trim()}, devices ${list(`${root}/${group}/devices`).join(' ')}`,
      ...contentOf(`${root}/${group}/reserved_regions`)
        .trim()
        .split('\n')
        .map((line) => `    ${line}`),
    ]);
}

function iommuClass(): readonly string[] {
  const root = '/sys/class/iommu';
  return list(root).flatMap((unit) => {
    const folder = path.join(root, unit);
    const lines = list(folder).flatMap((entry) => {
      const file = path.join(folder, entry);
      if (linkTarget(file) !== undefined) return [`    ${entry} -> ${linkTarget(file)}`];
      if (!existsSync(`${file}/.`)) return [`    ${entry}: ${contentOf(file).trim()}`];
      return list(file).map((inner) => {
        const innerFile = path.join(file, inner);
        const target = linkTarget(innerFile);
        if (target !== undefined) return `    ${entry}/${inner} -> ${target}`;
        return existsSync(`${innerFile}/.`)
          ? `    ${entry}/${inner}/`
          : `    ${entry}/${inner}: ${contentOf(innerFile).trim()}`;
      });
    });
    return [`${unit} -> ${linkTarget(folder) ?? ''}`, ...lines];
  });
}

function moduleParameters(): readonly string[] {
  return ['vfio', 'vfio_pci', 'vfio_pci_core', 'vfio_iommu_type1', 'vfio_virqfd', 'iommu', 'kvm'].flatMap((module) => {
    const folder = `/sys/module/${module}`;
    if (!existsSync(folder)) return [`${module}: (no such module)`];
    const parameters = `${folder}/parameters`;
    if (!existsSync(parameters)) return [`${module}: (no parameters)`];
    return list(parameters).map((name) => `${module}/${name} = ${contentOf(`${parameters}/${name}`).trim()}`);
  });
}

/** The kernel's log from the buffer that is still there, without blocking for more. */
function kernelMessages(): readonly string[] {
  const { O_RDONLY, O_NONBLOCK } = { O_RDONLY: 0, O_NONBLOCK: 0o4000 };
  const fd = openSync('/dev/kmsg', O_RDONLY | O_NONBLOCK);
  const lines: string[] = [];
  const record = Buffer.alloc(8192);
  try {
    for (;;) {
      const text = record.toString('utf8', 0, readSync(fd, record));
      if (/iommu|DMAR|AMD-Vi|smmu|vfio/i.test(text)) lines.push(text.trimEnd().split('\n')[0] ?? '');
    }
  } catch {
    // EAGAIN: the end of the buffer.
  } finally {
    closeSync(fd);
  }
  return lines;
}
