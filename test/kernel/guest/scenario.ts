import { say } from './report-port.ts';

export type TestBody = () => void | Promise<void>;

/** What a scenario is given to declare its tests with. */
export interface Guest {
  /** The machine's name: intel, amd or smmuv3. */
  readonly machine: string;
  /** Declares a test. It fails where it has no end within the limit: 240 seconds where none is given. */
  test(name: string, body: TestBody, limitSeconds?: number): void;
  /** Runs after the tests whatever happened, so that one scenario's failure is not the next one's. */
  cleanup(body: TestBody): void;
}

export type Scenario = (guest: Guest) => void;

const TEST_LIMIT_SECONDS = 480;

/**
 * Runs one scenario. Tests are declared first and counted, then run in order: the count is announced before the first
 * one runs, and a test that stops the guest is missed outside.
 */
export async function runScenario(name: string, machine: string, scenario: Scenario): Promise<void> {
  const tests: { readonly name: string; readonly body: TestBody; readonly limit: number }[] = [];
  const cleanups: TestBody[] = [];
  scenario({
    machine,
    test: (title, body, limit = TEST_LIMIT_SECONDS) => tests.push({ name: title, body, limit }),
    cleanup: (body) => cleanups.push(body),
  });
  say(`scenario ${name} ${tests.length}`);
  for (const test of tests) {
    const began = performance.now();
    const why = await failureOf(test.body, test.limit);
    console.log(`${((performance.now() - began) / 1000).toFixed(1)} s: ${name}: ${test.name}`);
    say(why === undefined ? `ok ${name}: ${test.name}` : `not ok ${name}: ${test.name} # ${why}`);
  }
  for (const cleanup of cleanups) {
    const why = await failureOf(cleanup, TEST_LIMIT_SECONDS);
    if (why !== undefined) say(`not ok ${name}: cleanup # ${why}`);
  }
}

async function failureOf(body: TestBody, limitSeconds: number): Promise<string | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no end after ${limitSeconds} s`)), limitSeconds * 1000);
  });
  try {
    await Promise.race([body(), limit]);
    return undefined;
  } catch (error) {
    console.error(error);
    const text = error instanceof Error ? error.message : String(error);
    return text.replace(/\s*\n\s*/g, ' | ') || 'failed without a word';
  } finally {
    clearTimeout(timer);
  }
}
