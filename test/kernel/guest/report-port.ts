import { existsSync, openSync, readdirSync, readFileSync, writeSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { REPORT_MARK } from '../console-report.ts';

const PORTS = '/sys/class/virtio-ports';

interface ReportLine {
  readonly fd: number;
  readonly mark: string;
}

let line: ReportLine | undefined;

/**
 * The way to the outside: a virtio port, since the console would mix kernel messages into the lines; or the console of a
 * machine without such ports, with a mark by which the lines are known.
 */
function reportLine(): ReportLine {
  if (!existsSync(PORTS)) return { fd: openSync('/dev/console', 'w'), mark: REPORT_MARK };
  const device = readdirSync(PORTS).find((name) => readFileSync(`${PORTS}/${name}/name`, 'utf8').trim() === 'report');
  if (device === undefined) throw new Error('this guest has no report port');
  return { fd: openSync(`/dev/${device}`, 'w'), mark: '' };
}

/** Writes one line of the protocol. */
export function say(text: string): void {
  line ??= reportLine();
  const bytes = Buffer.from(`${line.mark}${text}\n`);
  for (let sent = 0; sent < bytes.length;) sent += writeSync(line.fd, bytes, sent);
}

/** Has the outside do what the guest cannot: see `monitor.ts` and `compile-request.ts` for what it understands. It does not answer. */
export function ask(request: string): void {
  say(`ask ${request}`);
}

/** Tells the reader of the output a count or a measurement. */
export const note = (text: string): void => say(`note ${text}`);

/** Hands a file to the outside. */
export function attach(name: string, content: string | Buffer): void {
  const base64 = gzipSync(content).toString('base64');
  say(`begin ${name}`);
  for (let at = 0; at < base64.length; at += 1024) say(base64.slice(at, at + 1024));
  say(`end ${name}`);
}
