import type { HostIndex, Plugin, PluginSet, ResetAction, ResetTarget } from '../../model/index.ts';

/** What of a plugin's folder is read for it. */
export interface PackageFiles {
  readonly packageJson: Readonly<Record<string, unknown>>;
  /** README.md; null where there is none. */
  readonly readme: string | null;
}

/** A plugin, and what is needed to ask it. */
export interface ContractSubject {
  readonly plugin: Plugin;
  readonly files: PackageFiles;
  readonly plugins: Pick<PluginSet, 'call' | 'checkOptions'>;
  /** Hosts that an IOMMU plugin is asked about, besides one that has nothing. */
  readonly hosts: readonly HostIndex[];
  /** What is wrong with a program, in words: what the compiler refuses. Undefined where nothing is. */
  faultOfProgram(program: readonly ResetAction[], target: ResetTarget): string | undefined;
}

/** One law of the contract, and what breaks it. */
export interface ContractCheck {
  /** The law as a sentence. */
  readonly name: string;
  /** Empty where it is kept. */
  readonly failures: readonly string[];
}
