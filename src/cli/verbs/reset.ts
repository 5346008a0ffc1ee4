import { indexHost, type Plan, type StepKind } from '../../model/index.ts';
import { describeStep } from '../../render/step.ts';
import { approve } from '../approve.ts';
import { compileInvocation } from '../compile-invocation.ts';
import { ExitStatus, statusOf } from '../exit-status.ts';
import { findInspected } from '../find-inspected.ts';
import { resetManifest, type ResetRequest } from '../reset-manifest.ts';
import { type Changing, openState } from '../changing.ts';
import { lockPlan } from '../lock-plan.ts';
import { recoverFirst } from '../recover-first.ts';
import { refuseTree } from '../state-of.ts';
import type { Invocation, Verb } from '../verb.ts';
import { loadHost } from './load-host.ts';

/** Silences and resets one device by itself: gives it out as `up` does, and takes it back at once. */
export const verb: Verb = {
  name: 'reset',
  summary: 'silence and reset one device, and give it back',
  configure: (command) => {
    command
      .argument('<device>', 'its address, name, path in the device tree, network interface or disk')
      .option('--quiesce-only', 'no DMA and no interrupts any more, but leave the rest of its state')
      .option('--iommu <model>', 'the IOMMU model to open it with, as a manifest names it')
      .option(
        '--unsafe-interrupts',
        'accept a host where a device can forge interrupts, as unsafeInterrupts of a manifest does',
      )
      .option('-y, --yes', 'do not ask');
  },
  run: async (invocation) => {
    refuseTree(invocation);
    const { options, args, terminal } = invocation;
    const loaded = await loadHost(invocation, { identifiers: false });
    if ('status' in loaded) return loaded.status;
    const found = findInspected(indexHost(loaded.inventory), args[0] ?? '');
    if (found.kind !== 'device') {
      const message = found.kind === 'node' ? `${found.node.path} is no Linux device: ${found.why}` : found.message;
      terminal.err(`vfio-compose reset: ${message}\n`);
      return ExitStatus.hostCannot;
    }
    const changing = openState(invocation, `reset ${found.device.address}`);
    if (typeof changing === 'number') return changing;
    return reset(invocation, changing, {
      device: found.device,
      quiesceOnly: options['quiesceOnly'] === true,
      unsafeInterrupts: options['unsafeInterrupts'] === true,
      iommu: typeof options['iommu'] === 'string' ? options['iommu'] : undefined,
    });
  },
};

async function reset(invocation: Invocation, changing: Changing, request: ResetRequest): Promise<number> {
  const { terminal } = invocation;
  const compiled = await compileInvocation(invocation, {
    state: changing.state,
    manifest: resetManifest(request, terminal.cwd),
    // One that was cut off is brought back first; the same manifest again is no reason to do nothing.
    beforeHost: (name) => recoverFirst(invocation, changing, name, ''),
  });
  await compiled.report();
  if (compiled.stopped !== undefined) return compiled.stopped;
  const { plan, machine, diagnostics, source = '' } = compiled;
  if (!plan || !machine) return statusOf(diagnostics);
  const steps = whatIsDone(plan);
  const { address } = request.device;
  if (steps.length === 0) {
    terminal.err(
      `vfio-compose reset: nothing is known that would silence ${address}: no plugin matches it, and the kernel has nothing for it. Nothing was changed.\n`,
    );
    return ExitStatus.hostCannot;
  }
  const refusal = await approve({ invocation, verb: 'reset', plan, machine, more: steps });
  if (refusal !== undefined) return refusal;
  const locked = await lockPlan(invocation, changing, { plan, machine, source: '' });
  if (typeof locked === 'number') return locked;
  const { thereAndBack } = await import('../there-and-back.ts');
  const status = await thereAndBack({
    invocation,
    verb: 'reset',
    plan,
    machine: locked.machine,
    ...changing,
    source,
  }).finally(locked.release);
  if (status === ExitStatus.done && !invocation.global.quiet) {
    terminal.err(`${address} is ${request.quiesceOnly ? 'quiesced' : 'reset'}; the host is as it was.\n`);
  }
  return status;
}

/** What a reset is made of. */
const RESETTING: ReadonlySet<StepKind> = new Set([
  'write-region',
  'modify-region',
  'expect-region',
  'poll-region',
  'delay',
  'reset-device',
  'hot-reset',
]);

/** What a person wants to see before saying yes. The way back does it again, and alone where the kernel opens a device silent. */
function whatIsDone({ up, down }: Plan): string[] {
  const there = up.filter(({ kind }) => RESETTING.has(kind));
  const steps = there.length > 0 ? there : down.filter(({ kind }) => RESETTING.has(kind));
  return steps.map((step) => `  ${describeStep(step)}  ${step.cause}`);
}
