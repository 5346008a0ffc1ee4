import { readLiveInventory } from '../../../src/runtime/inventory/live.ts';
import { builtinPlugins } from '../../../src/runtime/plugins/index.ts';
import { indexHost } from '../../../src/model/index.ts';
import { planHere } from './held-run.ts';

type Document = Parameters<typeof planHere>[0];

/** Whether the compiler refuses a manifest on this machine with a code. Throws where it refuses it without that one. */
export async function isRefused(document: Document, code: string): Promise<boolean> {
  try {
    await planHere(document);
    return false;
  } catch (error) {
    if ((error as Error).message.split(' | ').some((finding) => finding.startsWith(`${code}:`))) return true;
    throw error;
  }
}

/** What the plugin of the SMMU says of a device of this machine, a line each. */
export async function describedBySmmu(address: string): Promise<readonly string[]> {
  const smmu = (await builtinPlugins()).iommu.find(({ name }) => name === 'smmu');
  const host = indexHost(readLiveInventory());
  const device = host.byAddress.get(address);
  if (!smmu?.describe || !device) throw new Error(`no plugin for the SMMU, or no device ${address}`);
  return smmu.describe(device, host);
}
