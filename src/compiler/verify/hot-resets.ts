import type { Step } from '../../model/index.ts';
import type { Law } from './law.ts';

/**
 * Whoever resets a bus was told before what it hits, and owns all of that: devices that the plan has open (R-RESET-5).
 */
export const checkHotResets: Law = function* (plan) {
  const checked = new Set<string>();
  const open = new Set<string>();
  for (const step of [...plan.up, ...plan.down]) yield* checkStep(step, checked, open);
};

function* checkStep(step: Step, checked: Set<string>, open: Set<string>): Generator<string> {
  switch (step.kind) {
    case 'open-device':
      open.add(step.device.address);
      break;
    case 'check-hot-reset':
      checked.add(step.deviceHandle);
      for (const address of step.owned) {
        if (!open.has(address)) yield `${step.id} counts ${address} as the plan's own, which is not open then.`;
      }
      break;
    case 'hot-reset':
      if (!checked.has(step.deviceHandle)) yield `${step.id} resets a bus, and nothing asked before what is on it.`;
      break;
    default:
      break;
  }
}
