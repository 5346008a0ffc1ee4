import { expect, test } from 'vitest';
import type { VmManifest } from '../../../src/model/index.ts';
import { host } from '../../../src/testing/index.ts';
import { report } from '../../../src/testing/law.ts';
import { noiommuHandoffLaw as law } from './noiommu-handoff.ts';

const found = (handoff: NonNullable<VmManifest['handoff']>, iommu: 'noiommu' | 'type1v2' = 'noiommu') =>
  report(law, { a: { iommu, handoff, devices: { x: 'a.dma' } } }, host().platform('a.dma'));

test.each([{ user: 'packets' }, { user: 4711 }, { group: 'wires' }, { user: 'root', group: 'wires' }])(
  'R-GROUP-3: fires where the nodes go to %o',
  (owner) => {
    expect(found({ mode: 'bind', ...owner })).toEqual(['error noiommu-handoff at vms/a/handoff']);
  },
);

test('stays silent where they stay with root, where they are held, and with an IOMMU', () => {
  for (const owner of [{}, { user: 'root' }, { user: 0, group: 'root' }])
    expect(found({ mode: 'bind', ...owner })).toEqual([]);
  expect(found('hold')).toEqual([]);
  expect(found({ mode: 'bind', user: 'packets' }, 'type1v2')).toEqual([]);
});
