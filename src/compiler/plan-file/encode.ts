import { hex, type Plan } from '../../model/index.ts';

/** A plan as the text of a plan file: canonical, one step a line, 64-bit values as hex strings. */
export function encodePlan(plan: Plan): string {
  const { up, down, ...head } = plan;
  const text = (value: unknown, indent?: number): string =>
    JSON.stringify(value, (_, inner: unknown) => (typeof inner === 'bigint' ? hex(inner) : inner), indent);
  const list = (steps: readonly unknown[]): string =>
    steps.length === 0 ? '[]' : `[\n${steps.map((step) => `    ${text(step)}`).join(',\n')}\n  ]`;
  const opening = text(head, 2).replace(/\n\}$/, '');
  return `${opening},\n  "up": ${list(up)},\n  "down": ${list(down)}\n}\n`;
}
