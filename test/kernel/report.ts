import { gunzipSync } from 'node:zlib';

/** The result of one test inside a guest. */
export interface TestResult {
  readonly name: string;
  readonly passed: boolean;
  readonly why: string;
}

/** Everything a guest said. */
export interface GuestReport {
  readonly results: readonly TestResult[];
  /** Files that the guest handed out: captured snapshots, facts, measurements. */
  readonly attachments: ReadonlyMap<string, Buffer>;
  /** Why the report as a whole cannot be believed: it is cut short, or fewer tests ran than were announced. */
  readonly problems: readonly string[];
}

/**
 * Reads the guest's lines:
 *
 *     scenario NAME COUNT          announced before the first of COUNT results
 *     ok SCENARIO: NAME
 *     not ok SCENARIO: NAME # why
 *     begin FILE / base64 of the gzipped content / end FILE
 *     ask REQUEST                  for what only the outside can do
 *     note TEXT                    a count or a measurement, for the reader of the output
 *     done                         after the last scenario
 *
 * The counts are there because silence must not pass: a guest that dies, or a scenario that skips, is a failure.
 */
export class ReportReader {
  readonly #results: TestResult[] = [];
  readonly #attachments = new Map<string, Buffer>();
  readonly #announced: { readonly name: string; readonly count: number; seen: number }[] = [];
  #open: { readonly name: string; readonly lines: string[] } | undefined;
  #rest = '';
  #done = false;
  readonly #broken: string[] = [];

  /** Takes what the guest notes. */
  onNote: (text: string) => void = () => undefined;

  /** Takes what the guest asks for. */
  onRequest: (request: string) => void = () => undefined;

  constructor(
    private readonly wanted: readonly string[],
    private readonly onResult: (result: TestResult) => void,
  ) {}

  /** Takes what arrived; the last line may still be incomplete. */
  feed(text: string): void {
    const lines = (this.#rest + text).split('\n');
    this.#rest = lines.pop() ?? '';
    for (const line of lines) this.#line(line.replace(/\r$/, ''));
  }

  /** What the guest has handed out so far. */
  attachment(name: string): Buffer | undefined {
    return this.#attachments.get(name);
  }

  finish(): GuestReport {
    const problems = [...this.#broken];
    if (!this.#done) problems.push('the guest stopped before its report was complete');
    if (this.#open) problems.push(`attachment ${this.#open.name} is cut short`);
    for (const { name, count, seen } of this.#announced) {
      if (count === 0) problems.push(`scenario ${name} announced no test`);
      if (seen < count) problems.push(`scenario ${name} announced ${count} tests and reported ${seen}`);
    }
    for (const name of this.wanted) {
      if (!this.#announced.some((one) => one.name === name)) problems.push(`scenario ${name} did not run`);
    }
    return { results: this.#results, attachments: this.#attachments, problems };
  }

  #line(line: string): void {
    if (this.#open) {
      if (line !== `end ${this.#open.name}`) {
        this.#open.lines.push(line);
        return;
      }
      this.#attach(this.#open.name, Buffer.from(this.#open.lines.join(''), 'base64'));
      this.#open = undefined;
      return;
    }
    const scenario = /^scenario (\S+) (\d+)$/.exec(line);
    if (scenario) this.#announced.push({ name: scenario[1] ?? '', count: Number(scenario[2]), seen: 0 });
    const passed = /^ok (.+)$/.exec(line);
    if (passed) this.#result({ name: passed[1] ?? '', passed: true, why: '' });
    const failed = /^not ok (.+?) # (.*)$/.exec(line);
    if (failed) this.#result({ name: failed[1] ?? '', passed: false, why: failed[2] ?? '' });
    const begin = /^begin (.+)$/.exec(line);
    if (begin) this.#open = { name: begin[1] ?? '', lines: [] };
    const asked = /^ask (.+)$/.exec(line);
    if (asked) this.onRequest(asked[1] ?? '');
    const noted = /^note (.+)$/.exec(line);
    if (noted) this.onNote(noted[1] ?? '');
    if (line === 'done') this.#done = true;
  }

  #attach(name: string, packed: Buffer): void {
    try {
      this.#attachments.set(name, gunzipSync(packed));
    } catch {
      this.#broken.push(`attachment ${name} is not what the guest sent`);
    }
  }

  #result(result: TestResult): void {
    const current = this.#announced.at(-1);
    if (current) current.seen += 1;
    this.#results.push(result);
    this.onResult(result);
  }
}
