import { hex } from '../../model/address.ts';
import { DelegatingKernel, type PortCall } from './delegate.ts';
import { KernelError } from './port.ts';

function show(value: unknown): string {
  if (Buffer.isBuffer(value)) return `<${value.toString('hex')}>`;
  if (typeof value === 'bigint') return hex(value);
  if (typeof value === 'string') return JSON.stringify(value);
  if (typeof value === 'object' && value !== null && 'status' in value) return `status ${String(value.status)}`;
  if (typeof value === 'object' && value !== null) return JSON.stringify(value);
  return String(value);
}

/**
 * A kernel that keeps a trace of what goes through it to another: one line for each call, with its result or its
 * errno. The same calls on the same simulated host give the same lines.
 */
export class RecordingKernel extends DelegatingKernel {
  readonly #lines: string[] = [];

  /** One line for each call, in the order in which they began. */
  get lines(): readonly string[] {
    return this.#lines;
  }

  /** The trace as text, with a newline behind every line. */
  get text(): string {
    return this.#lines.map((line) => `${line}\n`).join('');
  }

  protected override now<T>(call: PortCall, run: () => T): T {
    const end = this.#begin(call);
    try {
      const result = run();
      end(call, result);
      return result;
    } catch (error) {
      end(call, error);
      throw error;
    }
  }

  protected override async later<T>(call: PortCall, run: () => Promise<T>): Promise<T> {
    const end = this.#begin(call);
    try {
      const result = await run();
      end(call, result);
      return result;
    } catch (error) {
      end(call, error);
      throw error;
    }
  }

  /** The line shows the argument as it went in: an ioctl changes it in place. */
  #begin(call: PortCall): (call: PortCall, result: unknown) => void {
    const at = this.#lines.length;
    const head = `${call.name}(${call.args.map(show).join(', ')})`;
    this.#lines.push(`${head} …`);
    const buffers = call.args.filter((arg) => Buffer.isBuffer(arg));
    const before = buffers.map((buffer) => buffer.toString('hex'));
    return (_call, result) => {
      const changed = buffers
        .filter((buffer, i) => buffer.toString('hex') !== before[i])
        .map((buffer) => ` ${show(buffer)}`);
      const outcome =
        result instanceof KernelError
          ? result.code
          : result instanceof Error
            ? `!${result.name}`
            : result === undefined
              ? 'ok'
              : show(result);
      this.#lines[at] = `${head} = ${outcome}${changed.join('')}`;
    };
  }
}
