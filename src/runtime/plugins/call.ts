import { Script } from 'node:vm';
import { type Plugin, PluginFault } from '../../model/index.ts';
import { pluginTitle } from './found-plugin.ts';

/**
 * How long a hook may take, in milliseconds. Hooks only compute; the slowest of ours takes a hundredth of that on a quiet
 * machine, and some machines are emulated.
 */
export const HOOK_TIMEOUT_MS = 10_000;

/** How long many calls may take together before each of them gets a watchdog of its own, in milliseconds. */
const WATCH_TIMEOUT_MS = 20_000;

const SLOT = Symbol.for('vfio-compose.bounded');
/** Runs something for a limited time: V8 ends even a loop without end. Throws what it throws, or {@link TooLong}. */
function runBounded<T>(script: Script, run: () => T, timeout: number): T {
  const slot = globalThis as { [SLOT]?: () => T };
  const before = slot[SLOT];
  slot[SLOT] = run;
  try {
    return script.runInThisContext({ timeout }) as T;
  } catch (error) {
    throw isTimeout(error) ? new TooLong() : error;
  } finally {
    if (before) slot[SLOT] = before;
    else delete slot[SLOT];
  }
}

const isTimeout = (error: unknown): boolean =>
  (error as NodeJS.ErrnoException | undefined)?.code === 'ERR_SCRIPT_EXECUTION_TIMEOUT';

class TooLong extends Error {}

/**
 * Calls hooks within their time. A watchdog is a thread, and starting one takes a quarter of a millisecond: for a plan of
 * a thousand devices that would be more than all the rest. So {@link watch} has one for everything that it runs. Only
 * where that is not done in time, it is run again from the start with a watchdog for each call, which then knows the culprit.
 */
export class HookCaller {
  private watched = false;
  private compiled: Script | undefined;

  constructor(
    private readonly limit = HOOK_TIMEOUT_MS,
    private readonly watchLimit = WATCH_TIMEOUT_MS,
  ) {}

  /** Calls one hook. Throws {@link PluginFault} where it throws, returns a promise, or is not done in time. */
  call<T>(plugin: Plugin, hook: string, run: () => T): T {
    let value: T;
    try {
      value = this.watched ? run() : runBounded(this.script(), run, this.limit);
    } catch (error) {
      if (error instanceof PluginFault) throw error;
      const reason = error instanceof TooLong ? `it was not done after ${this.limit / 1000} s` : reasonOf(error);
      throw new PluginFault(pluginTitle(plugin), hook, reason);
    }
    if (typeof (value as { then?: unknown } | null | undefined)?.then === 'function') {
      throw new PluginFault(pluginTitle(plugin), hook, 'it returned a promise, and hooks are not asynchronous');
    }
    return value;
  }

  /** Runs something that calls many hooks and may be run again from its start: it must be pure. */
  watch<T>(run: () => T): T {
    if (this.watched) return run();
    this.watched = true;
    try {
      return runBounded(this.script(), run, this.watchLimit);
    } catch (error) {
      if (!(error instanceof TooLong)) throw error;
    } finally {
      this.watched = false;
    }
    return run();
  }

  /** What calls the function in the slot: only a script can be given a time. */
  private script(): Script {
    return (this.compiled ??= new Script(`globalThis[Symbol.for(${JSON.stringify(SLOT.description)})]()`));
  }
}

const reasonOf = (error: unknown): string => (error instanceof Error ? error.message || error.name : String(error));
