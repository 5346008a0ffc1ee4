import type {
  Diagnostic,
  DiagnosticDefinition,
  HostIndex,
  ResolvedManifest,
  RunningProject,
} from '../../model/index.ts';

/** What a law may look at. Nothing here can be changed, and nothing asks the host again. */
export interface RuleContext {
  readonly manifest: ResolvedManifest;
  readonly host: HostIndex;
  /** The other projects that run on this host. */
  readonly running: readonly RunningProject[];
}

/** A law that a resolved manifest must keep on a host. One file each; rules do not import rules. */
export interface Rule {
  /** Kebab-case, the name of its file. */
  readonly id: string;
  /** The diagnostics that it can report, for the table of codes. */
  readonly reports: readonly DiagnosticDefinition[];
  check(context: RuleContext): Diagnostic[];
}
