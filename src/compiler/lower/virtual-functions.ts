import type { ResolvedManifest, ResolvedVirtualFunctions } from '../../model/index.ts';
import { refOf } from './binding.ts';
import type { StepList } from './steps.ts';

/**
 * Makes VFs where there are none. Host drivers are kept from them first: what is assigned next must not have been set up by
 * one, and an interface that appears on the host could be taken into use.
 */
export function lowerVirtualFunctions({ virtualFunctions }: ResolvedManifest, steps: StepList): void {
  for (const entry of virtualFunctions) if (entry.device.sriov?.enabled === 0) make(entry, steps);
}

function make({ name, device, count, at, countAt }: ResolvedVirtualFunctions, steps: StepList): void {
  const { address } = device;
  const resource = `VFs of ${address}`;
  const ref = refOf(device);
  let after: string[] = [];
  if (device.sriov?.autoprobe !== false) {
    const reason = { resource, cause: 'no host driver takes the VFs', at };
    const off = steps.add('set-vf-autoprobe', address, reason, { device: ref, on: false });
    steps.undo('set-vf-autoprobe', off, address, { resource, cause: 'as it was' }, { device: ref, on: true });
    after = [off];
  }
  const reason = { resource, cause: `${name} has ${count}`, at: countAt, after };
  const set = steps.add('set-vf-count', address, reason, { device: ref, count });
  steps.undo('set-vf-count', set, address, { resource, cause: 'it had none' }, { device: ref, count: 0 });
}

/** The physical functions that a plan relies on, by address. */
export const physicalFunctionsOf = ({ virtualFunctions }: ResolvedManifest): string[] =>
  virtualFunctions.map(({ device }) => device.address).sort();
