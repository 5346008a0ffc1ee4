import { baseName, stringOf } from './cells.ts';
import { compatibleOf, isCompatible } from './compatible.ts';
import { architectureOf } from './machine.ts';
import type { DeviceTree, DeviceTreeNode } from '../model/index.ts';

/** How Linux turns the nodes of a tree into devices at boot. */
export interface Population {
  /** Whether the children of a device become devices too. */
  readonly isBus: (node: DeviceTreeNode) => boolean;
  /** Whether a node without `compatible` is passed over. */
  readonly strict: boolean;
  /** Whether every child of the root is a candidate, or only those that are buses themselves. */
  readonly from: 'all' | 'buses';
  /** Who says so, for messages. */
  readonly by: string;
}

/** of_default_bus_match_table in drivers/of/platform.c. */
const DEFAULT_BUSES: ReadonlySet<string> = new Set(['simple-bus', 'simple-mfd', 'isa', 'arm,amba-bus']);

/** of_device_ids in arch/powerpc/platforms/85xx/corenet_generic.c. */
const CORENET_BUSES: ReadonlySet<string> = new Set([
  'simple-bus',
  'mdio-mux-gpio',
  'fsl,fpga-ngpixis',
  'fsl,fpga-qixis',
  'fsl,srio',
  'fsl,p4080-pcie',
  'fsl,qoriq-pcie-v2.2',
  'fsl,qoriq-pcie-v2.3',
  'fsl,qoriq-pcie-v2.4',
  'fsl,qoriq-pcie-v3.0',
  'fsl,qe',
]);
const CORENET_NAMES: ReadonlySet<string> = new Set(['hypervisor', 'handles']);

/** The boards of corenet_generic.c, in lower case; each also as a guest of Freescale's hypervisor, with `-hv` behind it. */
const CORENET_BOARDS =
  'fsl,p2041rdb fsl,p3041ds fsl,oca4080 fsl,p4080ds fsl,p5020ds fsl,p5040ds fsl,t2080qds fsl,t2080rdb fsl,t2081qds ' +
  'fsl,t4240qds fsl,t4240rdb fsl,b4860qds fsl,b4420qds fsl,b4220qds fsl,t1023rdb fsl,t1024qds fsl,t1024rdb ' +
  'fsl,t1040d4rdb fsl,t1042d4rdb fsl,t1040qds fsl,t1042qds fsl,t1040rdb fsl,t1042rdb fsl,t1042rdb_pi ' +
  'keymile,kmcent2 keymile,kmcoge4 varisys,cyrus';

/** mpc85xx_common_ids in arch/powerpc/platforms/85xx/common.c. */
const MPC85XX_BUSES: ReadonlySet<string> = new Set([
  'soc',
  'simple-bus',
  'gianfar',
  'fsl,qe',
  'fsl,cpm2',
  'fsl,srio',
  'fsl,eloplus-dma',
  'fsl,mpc8548-guts',
  'gpio-leds',
  'fsl,mpc8540-pci',
  'fsl,mpc8548-pcie',
  'fsl,p1022-pcie',
  'fsl,p1010-pcie',
  'fsl,p1023-pcie',
  'fsl,p4080-pcie',
  'fsl,qoriq-pcie-v2.4',
  'fsl,qoriq-pcie-v2.3',
  'fsl,qoriq-pcie-v2.2',
  'fsl,fman',
  'fsl,ifc',
]);
const MPC85XX_NAMES: ReadonlySet<string> = new Set(['cpm', 'localbus']);

/**
 * The rules for a tree. PowerPC leaves them to its boards (of_platform_default_populate_init in drivers/of/platform.c);
 * every one that is not in corenet_generic.c is taken for one of those that use the table of 85xx/common.c.
 */
export function populationOf(tree: DeviceTree): Population {
  if (architectureOf(tree) !== 'powerpc') {
    const isBus = (node: DeviceTreeNode): boolean => isCompatible(node, DEFAULT_BUSES);
    return { isBus, strict: true, from: 'all', by: 'of_platform_default_populate' };
  }
  const boards = new Set(CORENET_BOARDS.split(' '));
  const corenet = compatibleOf(tree.root).some((entry) => boards.has(entry.toLowerCase().replace(/-hv$/, '')));
  return corenet
    ? {
        isBus: (node) => isCompatible(node, CORENET_BUSES) || CORENET_NAMES.has(baseName(node)),
        strict: false,
        from: 'buses',
        by: 'the table of corenet_generic.c',
      }
    : {
        isBus: (node) =>
          isCompatible(node, MPC85XX_BUSES) ||
          MPC85XX_NAMES.has(baseName(node)) ||
          stringOf(node, 'device_type') === 'soc',
        strict: false,
        from: 'buses',
        by: 'the table of 85xx/common.c',
      };
}

/** Nodes that become devices wherever they are, most of them in /reserved-memory (reserved_mem_matches in drivers/of/platform.c). */
export const RESERVED_MEMORY_DEVICES: ReadonlySet<string> = new Set([
  'phram',
  'qcom,rmtfs-mem',
  'qcom,cmd-db',
  'qcom,smem',
  'ramoops',
  'nvmem-rmem',
  'google,open-dice',
]);

/** of_skipped_node_table in drivers/of/platform.c. */
export const SKIPPED: ReadonlySet<string> = new Set(['operating-points-v2']);

/** What makes an AMBA device of a node (of_platform_bus_create in drivers/of/platform.c). */
export const PRIMECELL: ReadonlySet<string> = new Set(['arm,primecell']);

/** What makes a framebuffer of a child of /chosen (of_platform_default_populate_init). */
export const FRAMEBUFFER: ReadonlySet<string> = new Set(['simple-framebuffer']);
