import { entryOf, spanOf } from '../../source/index.ts';
import { regionSelector } from '../diagnostics.ts';
import { devicesOf, keySpan, type Law, vmsOf } from './law.ts';

/** A demand on a region says which region it is about in one way: by its position or by its name. */
export const regionsNamedOnce: Law = ({ root, shape }) =>
  vmsOf(root)
    .flatMap(devicesOf)
    .flatMap(({ map, path }) => {
      const regions = entryOf(map, 'regions')?.value;
      if (regions?.kind !== 'seq') return [];
      return regions.items.flatMap((item, index) => {
        if (item.kind !== 'map' || shape.isFaulty([...path, 'regions', index])) return [];
        const byIndex = entryOf(item, 'index');
        const byName = entryOf(item, 'name');
        if (byIndex && byName) {
          const detail = 'A region is named by "index" or by "name" (in "reg-names"). Keep one of them.';
          const related = [{ message: 'also named here', at: keySpan(byIndex) }];
          return [regionSelector({ detail, at: keySpan(byName), related })];
        }
        if (byIndex ?? byName) return [];
        const detail =
          'This does not say which region it is about. Give it "index" (its position in "reg") or "name" (in "reg-names").';
        return [regionSelector({ detail, at: spanOf(item.at) })];
      });
    });
