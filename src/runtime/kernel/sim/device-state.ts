import type { VfioDevice } from './state.ts';

/** What tests ask about a device that is on a VFIO driver. */
export interface DeviceState {
  readonly openCount: number;
  readonly busMaster: boolean;
  /** INTx, MSI or MSI-X by index; null while none is on, and for a platform device. */
  readonly activeIrq: number | null;
  readonly eventfds: number;
}

/** Undefined of a device that is on no VFIO driver. */
export function deviceState(vfio: VfioDevice | null): DeviceState | undefined {
  if (!vfio) return undefined;
  const { openCount, interrupts } = vfio;
  const { connected: eventfds } = interrupts;
  if (vfio.kind === 'platform') return { openCount, busMaster: false, activeIrq: null, eventfds };
  return { openCount, busMaster: vfio.config.isBusMaster, activeIrq: vfio.interrupts.active, eventfds };
}
