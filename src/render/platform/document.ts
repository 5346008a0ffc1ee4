import type { CorrelationRow } from '../../devicetree/index.ts';
import { hex } from '../../model/index.ts';
import type { PlatformReport, TreeReport } from './report.ts';
import { flagWords } from './table.ts';

/** Part of a JSON document. */
type Part = { readonly [key: string]: unknown };

/** The tree's part of `inspect DEVICE -o json`: the same as the text, addresses and sizes as hex strings. */
export function treeDocument({ tree }: PlatformReport): Part | null {
  if (!tree) return null;
  const { node, linuxName, compatible, status, coherency, dma, msi } = tree;
  return {
    path: node.path,
    linuxName,
    compatible,
    status,
    streams: tree.streams.streams.map(({ iommu, ids, mask }) => ({ iommu: iommu.path, ids, mask })),
    streamsBroken: tree.streams.broken,
    liodn: liodnPart(tree),
    coherency: {
      verdict: coherency.kind,
      reason: 'reason' in coherency ? coherency.reason : null,
      iommu: 'iommu' in coherency ? coherency.iommu.path : null,
      dmaCoherent: dma.coherent,
    },
    msiIsolation: {
      verdict: msi.kind,
      reason: 'reason' in msi ? msi.reason : null,
      controller: msi.controller?.path ?? null,
    },
    resetHandler: tree.resetHandler,
    children: tree.children.map((child) => ({ ...child })),
    table: tree.table.map(rowPart),
    dependencies: tree.dependencies.map(({ kind, path, property, dtIndex, provider, specifier, name, others }) => ({
      kind,
      path,
      property,
      dt_index: dtIndex,
      provider: provider.path,
      specifier,
      name,
      sharedWith: others.map((other) => other.path),
    })),
    broken: tree.broken,
  };
}

function liodnPart({ liodn }: TreeReport): Part | null {
  if (!liodn) return null;
  const { ids, pamu, register } = liodn;
  return {
    ids,
    pamu: pamu?.path ?? null,
    register: register && { path: register.node.path, offset: hex(BigInt(register.offset)) },
  };
}

/** A row of the correlation table. The names of its fields stay (R-TREE-2). */
export function rowPart(row: CorrelationRow): Part {
  const place = {
    vfio_index: row.vfioIndex,
    kind: row.kind,
    path: row.path,
    property: row.property,
    dt_index: row.dtIndex,
    name: row.name,
  };
  return row.kind === 'region'
    ? {
        ...place,
        address: row.address === null ? null : hex(row.address),
        size: hex(row.size),
        flags: flagWords(row.flags),
        reason: row.reason,
      }
    : {
        ...place,
        controller: row.controller,
        number: row.hwirq,
        trigger: row.trigger,
        route: row.route.kind,
        nexus: row.route.kind === 'direct' ? null : row.route.nexus,
        nexus_index: row.route.kind === 'direct' ? null : row.route.entry,
        reason: row.reason,
      };
}
