import { compile } from '../../../src/compiler/compile.ts';
import type { Plan, VmManifest } from '../../../src/model/index.ts';
import type { Kernel } from '../../../src/runtime/kernel/port.ts';
import { SimulatedKernel } from '../../../src/runtime/kernel/sim/index.ts';
import { simulatedBy } from '../../../src/runtime/plugins/index.ts';
import { manifestFrom } from '../../../src/testing/manifest.ts';
import { pamuBoard, USB0 } from '../../../src/testing/pamu-board.ts';
import { testNames } from '../../../src/testing/plan.ts';
import { testPlugins } from '../../../src/testing/plugins.ts';
import { LowAddresses } from './low-addresses.ts';

/** The board of the PAMU's plugin, whose processor is a big-endian one of 32 bits. */
const inventory = pamuBoard().build();

/** What the compiler makes for a VM behind its PAMU. Facts are left out: no file of the board is here to be looked at. */
export function pamuPlan(): Plan {
  const edge: VmManifest = {
    iommu: 'pamu',
    msi: { banks: 3 },
    memory: [{ iova: '0', size: '512MiB', backing: 'hugetlb', pageSize: '256MiB' }],
    devices: { usb: { platform: USB0, reset: 'none', irqs: [] } },
  };
  const { plan, diagnostics } = compile({
    manifest: manifestFrom({ version: 1, name: 'pamu', vms: { edge } }),
    inventory,
    plugins: testPlugins,
    digest: `sha256:${'0'.repeat(64)}`,
    names: testNames,
    running: [],
    toolVersion: '0.0.1',
  });
  if (!plan) throw new Error(diagnostics.map(({ code, detail }) => `${code}: ${detail}`).join(' | '));
  return { ...plan, facts: [] };
}

/** A simulated kernel of that board, for a process of 32 bits. */
export const pamuKernel = (): Kernel =>
  new LowAddresses(new SimulatedKernel(inventory, simulatedBy(testPlugins, inventory)));
