import { decodePlan } from '../../../src/compiler/plan-file/decode.ts';
import { encodePlan } from '../../../src/compiler/plan-file/encode.ts';
import { checkStale } from '../../../src/compiler/plan-file/stale.ts';
import { readPart } from '../../../src/cli/c-parts.ts';
import { hasErrors } from '../../../src/model/index.ts';
import { renderPlanAsC } from '../../../src/render/c/program.ts';
import { renderPlan, renderSummary } from '../../../src/render/plan.ts';
import { fuzzWorld } from '../examples.ts';
import { checkFindings, checkWords } from '../findings.ts';
import { asText, type FuzzTarget, holds, utf8 } from '../target.ts';
import { watchedRun } from '../watched-run.ts';

/**
 * A plan file. It is refused, or it touches nothing outside of the allow-list on any host that it may run on, whatever becomes
 * of its steps there.
 */
export const planTarget: FuzzTarget = {
  name: 'plan',
  seeds: async () => (await fuzzWorld()).examples.map(({ plan }) => utf8(encodePlan(plan))),
  run: async (data) => {
    const text = asText(data);
    const { value: plan, diagnostics } = decodePlan(text, 'plan.json');
    checkFindings(diagnostics);
    checkWords(diagnostics, text);
    holds((plan === undefined) === hasErrors(diagnostics), () => 'there is a plan with errors, or neither');
    if (!plan) return;
    renderPlan(plan);
    renderSummary(plan);
    renderPlanAsC(plan, readPart);
    const again = decodePlan(encodePlan(plan), 'again.json').value;
    holds(again !== undefined && encodePlan(again) === encodePlan(plan), () => 'it cannot be written and read');
    const { examples } = await fuzzWorld();
    for (const { inventory } of examples) {
      // Even where the host has changed: whether it has is looked at before, by somebody else.
      checkStale(plan, inventory, [{ name: 'other', devices: [], parameters: [] }]);
      if (examples.length > 0 && plan.host.release === inventory.kernel.release) await watchedRun(plan, inventory);
    }
  },
};
