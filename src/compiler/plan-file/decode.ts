import { decode } from '../../model/generated/decode-plan.ts';
import validate from '../../model/generated/validate-plan.cjs';
import { defineDiagnostic, hasErrors, LIMITS, type Plan, type Result, type Span } from '../../model/index.ts';
import { findInJson, parseJson, shapeFault, spanAt } from '../json/index.ts';
import { verifyPlan } from '../verify/verify.ts';

export const planUnreadable = defineDiagnostic({
  code: 'plan-unreadable',
  severity: 'error',
  category: 'manifest',
  summary: 'The plan file cannot be read',
  explanation:
    'A plan file is JSON after schema/plan.schema.json, written by `vfio-compose plan --out FILE`. It is refused whole ' +
    'where anything in it has another shape: a plan is run exactly as it is, or not at all. It may have at most 480 MiB, ' +
    '20 million values, and 32 levels of objects and lists.\n\n' +
    'Make the plan again with this version of vfio-compose.',
});

/** Reads and verifies the text of a plan file. Untrusted: nothing in it is believed before its shape and its laws hold. */
export function decodePlan(text: string, file: string): Result<Plan> {
  const parsed = parseJson(file, text, LIMITS.plan);
  if ('refusal' in parsed) {
    const { detail, at } = parsed.refusal;
    return unreadable(`${file} is not a plan. ${detail}`, at);
  }
  const { value } = parsed;
  if (!validate(value)) {
    const { detail, way } = shapeFault(validate.errors?.[0]);
    const offset = findInJson(text, [way])[0];
    return unreadable(`${file} is not a plan. ${detail}`, spanAt(file, text, offset ?? 0));
  }
  decode(value);
  const plan = value as Plan;
  const diagnostics = verifyPlan(plan);
  return hasErrors(diagnostics) ? { diagnostics } : { value: plan, diagnostics };
}

const unreadable = (detail: string, at: Span): Result<Plan> => ({ diagnostics: [planUnreadable({ detail, at })] });
