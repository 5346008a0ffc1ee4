import { type OptionsSchema, PluginFault, type PluginOptions } from '../../model/index.ts';
import { documentationChecks } from './documentation.ts';
import { frozen } from './equal.ts';
import { iommuChecks } from './iommu-checks.ts';
import { resetChecks } from './reset-checks.ts';
import type { ContractCheck, ContractSubject } from './subject.ts';

/** Holds a plugin against everything that the contract asks of its kind. */
export function checkPlugin(subject: ContractSubject): ContractCheck[] {
  const { plugin } = subject;
  const checked = subject.plugins.checkOptions(plugin, sampleOptions(plugin.options));
  const problems = 'problems' in checked ? checked.problems.map(({ message }) => message) : [];
  const documentation = [
    ...documentationChecks(subject),
    { name: 'the defaults and examples of its options fit its own schema', failures: problems },
  ];
  return 'options' in checked ? [...documentation, ...hookChecks(subject, frozen(checked.options))] : documentation;
}

/** Every hook can be called; where one cannot, nothing else can be said of them. */
function hookChecks(subject: ContractSubject, options: PluginOptions): ContractCheck[] {
  const name = 'no hook throws, hangs, or changes what it was given';
  const { plugin } = subject;
  try {
    const checks =
      plugin.kind === 'reset' ? resetChecks(subject, plugin, options) : iommuChecks(subject, plugin, options);
    return [{ name, failures: [] }, ...checks];
  } catch (error) {
    if (!(error instanceof PluginFault)) throw error;
    return [{ name, failures: [error.message] }];
  }
}

/** Options to call hooks with: for those that must be given and have no default, the first example. */
const sampleOptions = (schema: OptionsSchema | undefined): Record<string, unknown> =>
  Object.fromEntries(
    (schema?.required ?? []).flatMap((name) => {
      const property = schema?.properties[name] as { default?: unknown; examples?: readonly unknown[] } | undefined;
      const [example] = property?.examples ?? [];
      return property?.default === undefined && example !== undefined ? [[name, example]] : [];
    }),
  );
