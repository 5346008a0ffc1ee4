/** How many differences of one file are printed. */
const SHOWN = 20;

/** Counts what passed and failed, and prints what failed. */
export class Tally {
  private passed = 0;
  private failed = 0;

  /** One check; no problems is a pass. */
  add(name: string, problems: readonly string[]): void {
    if (problems.length > 0) this.fail(name, problems);
    else this.passed += 1;
  }

  fail(name: string, problems: readonly string[]): void {
    this.failed += 1;
    console.log(`not ok ${name}`);
    for (const problem of problems.slice(0, SHOWN)) console.log(`    ${problem.slice(0, 400)}`);
    if (problems.length > SHOWN) console.log(`    and ${problems.length - SHOWN} more`);
  }

  /** Prints the last line and sets the exit status: a run in which nothing passed is a failure. */
  finish(): void {
    if (this.passed === 0) this.failed = Math.max(this.failed, 1);
    process.exitCode = this.failed > 0 ? 1 : 0;
    console.log(`${this.passed} passed, ${this.failed} failed`);
  }
}
