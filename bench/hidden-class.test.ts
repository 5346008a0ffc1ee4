import { setFlagsFromString } from 'node:v8';
import { runInThisContext } from 'node:vm';
import { expect, it } from 'vitest';
import type { Step } from '../src/model/index.ts';
import { host } from '../src/testing/index.ts';
import { planFor } from '../src/testing/plan.ts';

/** Whether two objects have one hidden class: code that reads both then runs at full speed. */
function sameHiddenClass(): (one: unknown, other: unknown) => boolean {
  setFlagsFromString('--allow-natives-syntax');
  // Only text that is compiled after the flag was set may use V8's own functions.
  return runInThisContext('(one, other) => %HaveSameMap(one, other)') as ReturnType<typeof sameHiddenClass>;
}

it('gives all mappings of a plan one hidden class, and all removals', () => {
  const memory = Array.from({ length: 20 }, (_, index) => ({ iova: `${index * 2}MiB`, size: '1MiB' }));
  const { up, down } = planFor(
    { edge: { memory, devices: { wan: '0000:31:00.0' } } },
    host().intelIommu().nic('0000:31:00.0').build(),
  );
  const same = sameHiddenClass();
  for (const [steps, kind] of [
    [up, 'map-dma'],
    [down, 'unmap-dma'],
  ] as const satisfies readonly [readonly Step[], Step['kind']][]) {
    const [first, ...others] = steps.filter((step) => step.kind === kind);
    expect(others).toHaveLength(19);
    expect(others.filter((other) => !same(first, other)).map(({ id }) => id)).toEqual([]);
  }
});
