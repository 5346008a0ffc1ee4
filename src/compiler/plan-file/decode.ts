import { decode } from '../../model/generated/decode-plan.ts';
import validate from '../../model/generated/validate-plan.cjs';
import { defineDiagnostic, hasErrors, type Plan, type Result } from '../../model/index.ts';
import { verifyPlan } from '../verify/verify.ts';

export const planUnreadable = defineDiagnostic({
  code: 'plan-unreadable',
  severity: 'error',
  category: 'manifest',
  summary: 'The plan file cannot be read',
  explanation:
    'A plan file is JSON after schema/plan.schema.json, written by `vfio-compose plan --out FILE`. It is refused whole ' +
    'where anything in it has another shape: a plan is run exactly as it is, or not at all.\n\n' +
    'Make the plan again with this version of vfio-compose.',
});

/** Reads and verifies the text of a plan file. Untrusted: nothing in it is believed before its shape and its laws hold. */
export function decodePlan(text: string, file: string): Result<Plan> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return unreadable(`${file} is not JSON: ${(error as Error).message}.`);
  }
  if (!validate(value)) {
    const first = validate.errors?.[0];
    return unreadable(
      `${file}${first?.instancePath ? ` at ${first.instancePath}` : ''}: ${first?.message ?? 'wrong shape'}.`,
    );
  }
  decode(value);
  const plan = value as Plan;
  const diagnostics = verifyPlan(plan);
  return hasErrors(diagnostics) ? { diagnostics } : { value: plan, diagnostics };
}

const unreadable = (detail: string): Result<Plan> => ({ diagnostics: [planUnreadable({ detail })] });
