import type { Bdf } from '../../model/index.ts';
import type { Kernel } from '../../runtime/kernel/port.ts';

/** A device that a comparison may take from its driver, and must be able to give back. */
export interface LockstepDevice {
  readonly address: Bdf;
  readonly group: number;
  /** The driver of the host. */
  readonly driver: string;
  /**
   * The driver on which it is before and after each sequence: the host's, or vfio-pci where taking it and giving it back
   * each time would take most of the run.
   */
  readonly rest: string;
}

/** One of the two kernels, with what is open in it by name: descriptors and addresses differ between the two. */
export interface Side {
  readonly kernel: Kernel;
  readonly fds: Map<string, number>;
  readonly memory: Map<string, bigint>;
}

/** What an act answers where it made no call: neither kernel was asked. */
export const NOT_ASKED = Symbol('not asked');

/** A call. It holds no state of a run, so that a part of a sequence can be run again. */
export interface Act {
  /** What is called, for the count of answers. */
  readonly name: string;
  /** The whole call, for people. */
  readonly text: string;
  run(side: Side): unknown;
}

/** A descriptor that no process here has open. */
const NOT_OPEN = 9999;

export const fdOf = (side: Side, name: string): number => side.fds.get(name) ?? NOT_OPEN;

export const act = (name: string, about: string, run: Act['run']): Act => ({ name, text: `${name} ${about}`, run });

/** A call that makes a descriptor, kept under a name. */
export function opens(fd: string, name: string, about: string, run: (side: Side) => number | Promise<number>): Act {
  return {
    name,
    text: `${fd} = ${name} ${about}`,
    async run(side) {
      if (side.fds.has(fd)) return NOT_ASKED;
      side.fds.set(fd, await run(side));
      return 'fd';
    },
  };
}

export const closes = (fd: string): Act =>
  act('close', fd, (side) => {
    side.kernel.close(fdOf(side, fd));
    side.fds.delete(fd);
  });

export const writes = (path: string, text: string): Act =>
  act('write', `${path} ${JSON.stringify(text)}`, ({ kernel }) => kernel.writeFile(path, text));

export const containerFd = (n: number): string => `c${n}`;
export const groupFd = ({ group }: LockstepDevice): string => `g${group}`;
export const deviceFd = ({ address }: LockstepDevice): string => `d${address}`;
export const eventFd = (n: number): string => `e${n}`;
