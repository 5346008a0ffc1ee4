import type { Diagnostic, DiagnosticKind, HostDevice, Related } from '../../model/index.ts';

/** What a selector found. Without devices, `why` says more than "not found" and `near` lists what comes close. */
export interface Selection {
  readonly devices: readonly HostDevice[];
  readonly why?: string;
  readonly near?: () => Related[];
  /** A finding that says more than that there is no such device. */
  readonly absentAs?: DiagnosticKind;
  /** The selector cannot be looked up at all. */
  readonly refused?: Diagnostic;
}
