import { printable } from './words.ts';

/** A file by which a process keeps a device busy. */
export interface FileUse {
  readonly pid: number;
  /** The process's short name (/proc/PID/comm). */
  readonly command: string;
  /** Its arguments, a space between two of them; null where they cannot be read, as those of a process that is ending. */
  readonly commandLine: string | null;
  /** Its user by name, or by number where the files of this machine have no name for it; null where it cannot be read. */
  readonly user: string | null;
  /** A mapping stays when the descriptor that it was made from is closed, and keeps the device open as that did. */
  readonly how: 'open' | 'mapped';
  /** As /proc shows it: `/dev/vfio/7`, `anon_inode:[vfio-device]`, `/sys/devices/…/resource0`. */
  readonly file: string;
}

/** The use of one device. */
export interface DeviceUse extends FileUse {
  /** False where the process has some VFIO device open, and the kernel does not say which. */
  readonly certain: boolean;
}

/** More of a command line helps nobody to find its process. */
const COMMAND_LINE_CHARACTERS = 160;

/** Processes with what they use, a line each: `guestd (pid 41, user vm): /dev/vfio/7 open; started as "guestd -m 4G"`. */
export function describeUsers(uses: readonly FileUse[]): string[] {
  const lines = new Map<number, string>();
  for (const { pid, command, user } of uses) {
    if (lines.has(pid)) continue;
    const ofOne = uses.filter((use) => use.pid === pid);
    const files = [...new Set(ofOne.map(({ file, how }) => `${printable(file)} ${how}`))].join(', ');
    const by = user === null ? '' : `, user ${printable(user)}`;
    lines.set(pid, `${printable(command)} (pid ${pid}${by}): ${files}${startedAs(ofOne[0]?.commandLine ?? null)}`);
  }
  return [...lines.values()];
}

function startedAs(commandLine: string | null): string {
  if (commandLine === null) return '';
  const text = printable(commandLine);
  return `; started as "${text.length <= COMMAND_LINE_CHARACTERS ? text : `${text.slice(0, COMMAND_LINE_CHARACTERS)}…`}"`;
}
