/** What a line of the report begins with on a console. The guest writes it (`guest/report-port.ts`). */
export const REPORT_MARK = '@report ';

/**
 * Takes a console apart into the lines of the report and the rest. A line that something else was written into is lost to
 * the report, which is then incomplete and no success.
 */
export class ConsoleReport {
  #rest = '';

  constructor(
    private readonly report: (text: string) => void,
    private readonly other: (text: string) => void,
  ) {}

  feed(text: string): void {
    const lines = (this.#rest + text).split('\n');
    this.#rest = lines.pop() ?? '';
    for (const line of lines) {
      if (line.startsWith(REPORT_MARK)) this.report(`${line.slice(REPORT_MARK.length)}\n`);
      else this.other(`${line}\n`);
    }
  }

  /** Passes on what came after the last line. */
  end(): void {
    if (this.#rest !== '') this.other(this.#rest);
    this.#rest = '';
  }
}
