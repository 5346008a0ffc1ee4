import type { HostIndex, NameService, ResolvedManifest, RunningProject } from '../../model/index.ts';
import type { Asked } from '../plugins/asked.ts';

/** What lowering works from. */
export interface LoweringInput {
  readonly manifest: ResolvedManifest;
  readonly host: HostIndex;
  /** What the manifest's plugins said. */
  readonly asked: Asked;
  readonly names: NameService;
  readonly running: readonly RunningProject[];
  readonly toolVersion: string;
  /** Digest of the inventory, `sha256:…`. */
  readonly digest: string;
}
