/**
 * What a plugin's author imports. The hooks of reset and IOMMU plugins are not part of this version; the vocabulary that
 * they will speak is.
 */
export type {
  Bdf,
  Bytes,
  Diagnostic,
  DiagnosticDefinition,
  DiagnosticKind,
  Iova,
  PciDevice,
  Plan,
  Step,
} from '../model/index.ts';
export { bytes, defineDiagnostic, formatBytes, hex, iova, parseBdf } from '../model/index.ts';
