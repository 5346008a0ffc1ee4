import type { Law } from './law.ts';

/**
 * What is bound is what the plan says it assigns: whoever approves `up --plan` is shown the assignments, so steps must
 * not bind another device, or the same device to another driver.
 */
export const checkAssignments: Law = function* (plan) {
  const drivers = new Map(plan.assignments.map(({ bus, address, driver }) => [`${bus} ${address}`, driver]));
  for (const step of plan.up) {
    if (step.kind !== 'bind-driver') continue;
    const { bus, address } = step.device;
    const said = drivers.get(`${bus} ${address}`);
    if (said === undefined) yield `${step.id} binds ${address}, which the plan does not say it assigns.`;
    else if (said !== step.driver) yield `${step.id} binds ${address} to ${step.driver}, and the plan says ${said}.`;
  }
};
