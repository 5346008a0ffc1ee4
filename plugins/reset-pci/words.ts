import type { ResolvedDevice, Severity } from 'vfio-compose/plugin';

/** `gpu of desk (0000:01:00.0)`. */
export const titleOf = ({ name, vm, device }: ResolvedDevice): string => `${name} of ${vm} (${device.address})`;

/** Text and severity of a finding about a device without a reset: whether that is an error is for the manifest to say. */
export const handedOver = (
  { reset }: ResolvedDevice,
  why: string,
  waysOut: string,
): { readonly detail: string; readonly severity: Severity } =>
  reset === 'preferred'
    ? { detail: `${why} It is handed over without a reset (reset: preferred).`, severity: 'warning' }
    : { detail: `${why} ${waysOut}`, severity: 'error' };
