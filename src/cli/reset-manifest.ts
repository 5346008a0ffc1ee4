import { resolve } from 'node:path';
import { assembleManifest } from '../compiler/manifest/index.ts';
import { type HostDevice, isPci } from '../model/index.ts';
import { Collector, type LoadedManifest } from '../runtime/config/index.ts';

/** What `reset` is told of a device. */
export interface ResetRequest {
  readonly device: HostDevice;
  /** Silence it and leave its state. */
  readonly quiesceOnly: boolean;
  /** IOMMU model; undefined for the one of the host. */
  readonly iommu: string | undefined;
  /** Accept a host that does not isolate the interrupts of devices. */
  readonly unsafeInterrupts: boolean;
}

/** What a position in the manifest of a reset is called. */
const NAME = '<reset>';

/** The project that a reset is while it runs: `down -p` takes it back where it was cut off. */
export const resetProject = ({ address }: HostDevice): string =>
  `reset-${address.toLowerCase().replace(/[^a-z0-9_-]+/g, '-')}`.slice(0, 63);

/** A manifest with one device, so that everything that holds for `up` holds for a reset: its laws, its plan, its way back. */
export function resetManifest(
  { device, quiesceOnly, iommu, unsafeInterrupts }: ResetRequest,
  cwd: string,
): LoadedManifest {
  // JSON is YAML: no name needs quotes of another kind.
  const lines = [
    'version: 1',
    `name: ${resetProject(device)}`,
    ...(unsafeInterrupts || iommu !== undefined ? [`iommu: ${JSON.stringify({ type: iommu, unsafeInterrupts })}`] : []),
    'devices:',
    '  device:',
    `    ${isPci(device) ? 'pci' : 'platform'}: ${JSON.stringify(device.address)}`,
    `    reset: ${quiesceOnly ? 'none' : 'required'}`,
  ];
  const collector = new Collector({});
  collector.add({ name: NAME, path: resolve(cwd, NAME), text: `${lines.join('\n')}\n` });
  const { sources, paths, layers, diagnostics } = collector;
  const assembled = assembleManifest(layers, { directoryName: resetProject(device) });
  return { ...assembled, diagnostics: [...diagnostics, ...assembled.diagnostics], sources, paths };
}
