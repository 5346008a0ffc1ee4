import type { ResolvedDevice } from '../../model/index.ts';
import { deviceHandle } from './handles.ts';
import type { ProgramStep } from './program.ts';
import type { StepList } from './steps.ts';

const resourceOf = ({ device }: ResolvedDevice): string => `device ${device.address}`;

/** Asks where the regions are that programs reach into: their offsets are nobody's to guess. */
export function checkRegions(
  device: ResolvedDevice,
  regions: readonly number[],
  steps: StepList,
  after: string,
): string[] {
  const { resetBy, at } = device;
  const cause = `${resetBy?.plugin.name ?? 'its reset'} reaches into it`;
  return regions.map((index) =>
    steps.add(
      'check-region-info',
      `${device.device.address}/${index}`,
      { resource: resourceOf(device), cause, at, after: [after] },
      { deviceHandle: deviceHandle(device), index },
    ),
  );
}

/** A program as steps of `up`, one after the other. Returns the steps after which the device is as it has to be. */
export function lowerProgram(
  device: ResolvedDevice,
  program: readonly ProgramStep[],
  steps: StepList,
  after: readonly string[],
): string[] {
  const address = device.device.address;
  let last = [...after];
  for (const step of program) {
    const reason = { resource: resourceOf(device), cause: step.cause, at: device.at, after: last };
    last = [steps.add(step.kind, `${address}/${step.subject}`, reason, step.details as never)];
  }
  return last;
}

/**
 * A program as steps of the way back: a device is silent, then reset, before its memory goes (R-ORDER-4). Added after the
 * mappings, so that it runs before they are taken away; and backwards, as the way back is.
 */
export function lowerProgramBack(device: ResolvedDevice, program: readonly ProgramStep[], steps: StepList): void {
  const address = device.device.address;
  const open = `open-device:${address}`;
  for (const step of [...program].reverse()) {
    // The register can be reached once its region is known; the device can be reset once it is open.
    const undoes = step.kind === 'reset-device' ? open : regionStep(address, step);
    const reason = { resource: resourceOf(device), cause: step.cause };
    steps.undo(step.kind, undoes, `${address}/${step.subject}`, reason, step.details as never);
  }
}

const regionStep = (address: string, { details }: ProgramStep): string =>
  'index' in details ? `check-region-info:${address}/${details.index}` : `open-device:${address}`;
