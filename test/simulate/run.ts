import { simulate } from './simulate.ts';
const [from = '1', count = '1'] = process.argv.slice(2);
const t = performance.now();
const all = new Map<string, number>();
let bad = 0;
for (let seed = Number(from); seed < Number(from) + Number(count); seed++) {
  const run = await simulate(seed);
  for (const [k, v] of run.outcomes) all.set(k, (all.get(k) ?? 0) + v);
  if (run.violations.length > 0) {
    bad++;
    if (bad < 3) console.log(seed, run.violations, run.trace.slice(-170).join('\n'));
    else if (bad < 20)
      console.log(
        seed,
        run.violations.map((v) => v.slice(0, 200)),
      );
  }
}
console.log(
  [...all]
    .sort((a, b) => b[1] - a[1])
    .map(([k, v]) => `${v} ${k}`)
    .join('\n'),
);
console.log(bad, 'bad', ((performance.now() - t) / Number(count)).toFixed(2), 'ms per seed');
