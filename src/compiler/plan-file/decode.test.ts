import { expect, it } from 'vitest';
import { LIMITS, type Plan } from '../../model/index.ts';
import { smmuPlan } from '../../testing/platform-plan.ts';
import { decodePlan } from './decode.ts';
import { encodePlan } from './encode.ts';

const TEXT = encodePlan(smmuPlan());

/** What is found in a text: its code, and the line that it points at. */
function finding(text: string) {
  const { value, diagnostics } = decodePlan(text, 'plan.json');
  expect(value).toBeUndefined();
  const [found] = diagnostics;
  return {
    code: found?.code,
    line: found?.at && text.split('\n')[found.at.start.line - 1]?.trim(),
    detail: found?.detail,
  };
}

it('reads what it wrote', () => {
  const { value, diagnostics } = decodePlan(TEXT, 'plan.json');
  expect(diagnostics).toEqual([]);
  expect(value && encodePlan(value as Plan)).toBe(TEXT);
});

it('points at where a text stops being JSON, and at the value of another shape', () => {
  expect(finding(TEXT.replace('"project":', 'project:'))).toMatchObject({
    code: 'plan-unreadable',
    line: expect.stringMatching(/^project:/) as string,
  });
  expect(finding(TEXT.trimEnd().slice(0, -1)).detail).toContain('may not be complete');
  expect(finding(TEXT.replace(/"project": "[^"]+"/, '"project": "../x"'))).toMatchObject({
    line: '"project": "../x",',
  });
  expect(finding(TEXT.replace('{', '{\n"__proto__": {"x": 1},\n')).detail).toContain('not part of the format');
});

it.each(['', '{}', '[]', 'null', '7', '"x"', '\ufeff{}'])('SECURITY: refuses %j with a place', (text) => {
  expect(finding(text)).toMatchObject({ code: 'plan-unreadable', line: expect.any(String) as string });
});

it('SECURITY: refuses a plan that is deeper or has more values than allowed, before it is parsed', () => {
  const nested = (depth: number) => TEXT.replace('"facts": [', `"facts": [${'['.repeat(depth)}1${']'.repeat(depth)},`);
  expect(finding(nested(LIMITS.plan.depth)).detail).toContain(`more than ${LIMITS.plan.depth} levels deep`);
  // Two levels are around it: as deep as allowed, and refused for its shape.
  expect(finding(nested(LIMITS.plan.depth - 2)).detail).not.toContain('levels');
  expect(finding(`[${'{},'.repeat(LIMITS.plan.values)}{}]`).detail).toContain(`more than ${LIMITS.plan.values} values`);
});
