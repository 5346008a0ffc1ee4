import { decodePlan } from '../../../src/compiler/plan-file/decode.ts';
import { encodePlan } from '../../../src/compiler/plan-file/encode.ts';
import { verifyPlan } from '../../../src/compiler/verify/verify.ts';
import { hasErrors } from '../../../src/model/index.ts';
import { configDocument } from '../../../src/render/config.ts';
import { renderDiagnostics } from '../../../src/render/diagnostics.ts';
import { renderPlan } from '../../../src/render/plan.ts';
import { loadManifest } from '../../../src/runtime/config/index.ts';
import { fuzzWorld, planOf } from '../examples.ts';
import { type FuzzTarget, holds, utf8 } from '../target.ts';
import { checkFindings } from '../findings.ts';
import { watchedRun } from '../watched-run.ts';

const ENV = { A: '1', LONG: 'x'.repeat(1000), ODD: '"\n: [*&!%@`', EMPTY: '' };

/**
 * Text from a manifest's author. Whatever it is, it ends with findings that have a place, or with a manifest; and what
 * compiles for a host gives a plan that any verifier takes, that can be written and read, and that stays on the allow-list.
 */
export const manifestTarget: FuzzTarget = {
  name: 'manifest',
  seeds: async () => (await fuzzWorld()).examples.map(({ manifestText }) => utf8(manifestText)),
  run: async (data) => {
    const { plugins, examples } = await fuzzWorld();
    // Includes count from a folder with nothing in it.
    const loaded = await loadManifest({
      file: ['-'],
      envFile: [],
      env: ENV,
      cwd: '/proc/self/task',
      projectDirectory: '/proc/self/task',
      readStdin: () => Promise.resolve(Buffer.from(data)),
    });
    holds(
      (loaded.value === undefined) === hasErrors(loaded.diagnostics),
      () => 'there is a manifest with errors, or neither',
    );
    checkFindings(loaded.diagnostics);
    renderDiagnostics(loaded.diagnostics, loaded.sources, { colour: true });
    if (!loaded.value) return;
    for (const { inventory } of examples) {
      const { plan, resolved, diagnostics } = planOf(loaded.value, inventory, plugins);
      checkFindings(diagnostics);
      if (resolved) configDocument(resolved);
      if (!plan) continue;
      holds(!hasErrors(verifyPlan(plan)), () => 'a compiled plan does not verify');
      renderPlan(plan);
      const { value: again } = decodePlan(encodePlan(plan), 'plan.json');
      holds(
        again !== undefined && encodePlan(again) === encodePlan(plan),
        () => 'a compiled plan cannot be written and read',
      );
      await watchedRun(plan, inventory);
    }
  },
};
