import { KernelError } from '../../runtime/kernel/port.ts';
import { NOT_ASKED, type Act, type Side } from './act.ts';

const NOTHING_CALLED = 'not asked';

/** All that a kernel answered to a call, as one line: what two kernels have to agree about. Throws what is no kernel's answer. */
export async function answerOf(act: Act, side: Side): Promise<string> {
  try {
    const value = await act.run(side);
    return value === NOT_ASKED ? NOTHING_CALLED : show(value);
  } catch (error) {
    if (error instanceof KernelError) return error.code;
    throw error;
  }
}

/** `ok` or the errno; undefined where nothing was called. */
export function kindOf(answer: string): string | undefined {
  if (answer === NOTHING_CALLED) return undefined;
  return /^"?(E[A-Z0-9]+)\b/.exec(answer)?.[1] ?? 'ok';
}

const show = (value: unknown): string =>
  JSON.stringify(value, (_, part: unknown) => (typeof part === 'bigint' ? `0x${part.toString(16)}` : part)) ?? 'ok';
