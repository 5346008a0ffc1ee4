import { defineDiagnostic, type Plan } from '../../model/index.ts';

export const planBreaksLaw = defineDiagnostic({
  code: 'plan-breaks-law',
  severity: 'error',
  category: 'safety',
  summary: 'The plan does something that no plan may do',
  explanation:
    'A plan is run by a process that may be root’s, so before it runs, every plan is checked: it may only touch what is on ' +
    'the allow-list (the drivers of its own devices, the VFIO nodes, a few module parameters), use nothing before it is ' +
    'there or after it is gone, open a device before mapping memory for it, and give back everything that it takes.\n\n' +
    'A plan made by `vfio-compose plan --out` keeps these laws. Make it again instead of editing it.',
});

/** A law looks at a whole plan and yields a sentence for each place where it is broken. */
export type Law = (plan: Plan) => Iterable<string>;
