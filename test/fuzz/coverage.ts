import { type Profiler, Session } from 'node:inspector';

/** As much as V8's own positions need: no module has more characters. */
const ROOM = 2 ** 21;
/** How often something ran, as a power of two: 1, 2, 3 to 4, … and from 64 on the same. */
const bucket = (count: number): number => Math.min(7, Math.ceil(Math.log2(count)));

/**
 * What of the sources an input made V8 run: its precise block coverage (the `Profiler` domain of the inspector). Has to be made
 * before the modules to be watched are loaded.
 */
export class Coverage {
  private readonly session = new Session();
  private readonly scripts = new Map<string, number>();
  /** Every piece of the sources that ran, with how often, as numbers that stand for both. */
  private readonly seen = new Set<number>();
  private readonly pieces = new Set<number>();

  /** @param watched whether a module is one of those that count, by its address. */
  constructor(private readonly watched: (url: string) => boolean) {
    this.session.connect();
    this.session.post('Profiler.enable');
    this.session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true });
  }

  /** How many pieces of the sources have run at all. */
  get size(): number {
    return this.pieces.size;
  }

  /** What ran since the last time and had not run before, or not so often: how many of them are new. */
  take(): number {
    let fresh = 0;
    // The answer comes before `post` returns: the session is of this very thread.
    this.session.post('Profiler.takePreciseCoverage', (error, answer) => {
      if (error) throw error;
      for (const script of answer.result) if (this.watched(script.url)) fresh += this.add(script);
    });
    return fresh;
  }

  private add({ url, functions }: Profiler.ScriptCoverage): number {
    const script = this.scripts.get(url) ?? this.scripts.size;
    this.scripts.set(url, script);
    const before = this.seen.size;
    for (const { ranges } of functions) {
      for (const { startOffset, count } of ranges) {
        if (count === 0) continue;
        const piece = script * ROOM + startOffset;
        this.pieces.add(piece);
        this.seen.add(piece * 8 + bucket(count));
      }
    }
    return this.seen.size - before;
  }
}
