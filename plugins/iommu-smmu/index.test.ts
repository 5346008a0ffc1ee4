import { expect, test } from 'vitest';
import { indexHost } from '../../src/model/index.ts';
import { type HostBuilder, host } from '../../src/testing/index.ts';
import smmu from './index.ts';

const claim = (on: HostBuilder) => smmu.claims(indexHost(on.build()));

test('knows hosts with an SMMU, and no others', () => {
  expect(claim(host().smmuV3())).toBe('exact');
  expect(claim(host().intelIommu())).toBe('none');
  expect(claim(host())).toBe('none');
});

test('builds on type 1, whose models it has', () => {
  expect(smmu.on).toBe('type1');
  expect(smmu.models.map(({ name, extension }) => [name, extension])).toEqual([
    ['type1v2', 3],
    ['type1', 1],
  ]);
});
