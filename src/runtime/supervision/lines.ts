import { StringDecoder } from 'node:string_decoder';

/** A longer line is cut, as often as it takes: a process that never ends one must not fill the memory. */
const MAX_LINE = 16 * 1024;

/** Cuts a stream of bytes into lines. */
export class Lines {
  private readonly decoder = new StringDecoder('utf8');
  private rest = '';

  constructor(private readonly each: (line: string) => void) {}

  push(chunk: Buffer): void {
    const parts = (this.rest + this.decoder.write(chunk)).split('\n');
    this.rest = parts.pop() ?? '';
    for (const part of parts) this.emit(part);
    while (this.rest.length >= MAX_LINE) {
      this.each(this.rest.slice(0, MAX_LINE));
      this.rest = this.rest.slice(MAX_LINE);
    }
  }

  /** What was left without an end. */
  end(): void {
    const rest = this.rest + this.decoder.end();
    this.rest = '';
    if (rest !== '') this.emit(rest);
  }

  private emit(line: string): void {
    for (let at = 0; at < Math.max(line.length, 1); at += MAX_LINE) this.each(line.slice(at, at + MAX_LINE));
  }
}
