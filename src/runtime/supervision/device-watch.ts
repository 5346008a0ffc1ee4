import type { Assignment } from '../../model/index.ts';
import { lookAtDevices, type Look, problemText } from '../project/look-at-devices.ts';
import type { EmitEvent } from './events.ts';

/** How often the devices of a project that is up are looked at, in milliseconds. */
export const LOOK_EVERY_MS = 5_000;

/** Notices that a device of a project is pulled out, or loses its VFIO driver or its group, and tells each change once. */
export class DeviceWatch {
  /** By address. */
  private readonly known = new Map<string, string>();

  constructor(
    private readonly assignments: readonly Assignment[],
    private readonly look: Look,
    private readonly emit: EmitEvent,
    private readonly say: (line: string) => void,
  ) {}

  /** Looks once. */
  check(): void {
    for (const { assignment, problem } of lookAtDevices({ phase: 'up', assignments: this.assignments }, this.look)) {
      const { device, address } = assignment;
      const text = problem === null ? undefined : problemText(problem);
      if (this.known.get(address) === text) continue;
      if (text === undefined) {
        this.known.delete(address);
        this.emit({ kind: 'device-well', device, address });
        this.say(`${device} (${address}) is as it should be again.`);
      } else {
        this.known.set(address, text);
        this.emit({ kind: 'device-problem', device, address, problem: text });
        this.say(`${device} (${address}) is ${text}.`);
      }
    }
  }

  /** Looks again and again. Returns what ends it. */
  start(): () => void {
    const timer = setInterval(() => this.check(), LOOK_EVERY_MS);
    return () => clearInterval(timer);
  }
}
