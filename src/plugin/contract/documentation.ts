import { pluginId } from '../../model/index.ts';
import type { ContractCheck, ContractSubject } from './subject.ts';

/** A README that says what it is for, from where that is known, and what it does not do has at least this many words. */
const FEWEST_WORDS = 30;

/** What somebody who has to decide whether to trust a plugin finds. */
export function documentationChecks({ plugin, files }: ContractSubject): ContractCheck[] {
  return [
    { name: 'package.json says what it is', failures: faultsOfPackage(plugin, files.packageJson) },
    { name: 'README.md says what it is for', failures: faultsOfReadme(files.readme) },
    { name: 'each option has a description', failures: undescribed(plugin.options?.properties ?? {}) },
    { name: 'the summary fits into a line of a list', failures: faultsOfSummary(plugin.summary) },
  ];
}

function faultsOfPackage(
  plugin: ContractSubject['plugin'],
  packageJson: ContractSubject['files']['packageJson'],
): string[] {
  const faults: string[] = [];
  const name = `vfio-compose-plugin-${pluginId(plugin)}`;
  const said = String(packageJson['name']);
  if (said !== name && !said.endsWith(`/${name}`))
    faults.push(`"name" is "${said}", not "${name}" (a scope may stand before it)`);
  if (packageJson['version'] !== plugin.version) {
    faults.push(`"version" is ${JSON.stringify(packageJson['version'])} and the plugin's own is "${plugin.version}"`);
  }
  if (packageJson['type'] !== 'module') faults.push('"type" is not "module"');
  for (const key of ['description', 'license']) {
    if (typeof packageJson[key] !== 'string' || packageJson[key] === '') faults.push(`"${key}" is missing`);
  }
  const peers = packageJson['peerDependencies'] as Readonly<Record<string, unknown>> | undefined;
  if (typeof peers?.['vfio-compose'] !== 'string')
    faults.push('"peerDependencies" does not say which vfio-compose it is for');
  if (packageJson['dependencies'] !== undefined) {
    faults.push('it has "dependencies"; a plugin imports vfio-compose/plugin and its own files');
  }
  return faults;
}

function faultsOfReadme(readme: string | null): string[] {
  if (readme === null) return ['there is none'];
  const words = readme.split(/\s+/).filter(Boolean).length;
  return words < FEWEST_WORDS ? [`it has ${words} words`] : [];
}

const undescribed = (properties: Readonly<Record<string, object>>): string[] =>
  Object.entries(properties)
    .filter(([, schema]) => !('description' in schema) || schema.description === '')
    .map(([name]) => `"${name}" has none`);

const faultsOfSummary = (summary: string): string[] =>
  summary.includes('\n') || summary.length > 200 ? ['it is longer than a line of a list'] : [];
