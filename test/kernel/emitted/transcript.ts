import { DelegatingKernel, type PortCall } from '../../../src/runtime/kernel/delegate.ts';
import { Killed } from '../../../src/runtime/kernel/fault.ts';
import { type Fd, type IoctlRequest, KernelError } from '../../../src/runtime/kernel/port.ts';

/**
 * A kernel that writes down every call with its answer, for replay.c to give the same answers to another program: a line
 * for each, with tabs between what was called, what it returned, the errno, and the bytes that came back.
 */
export class TranscriptKernel extends DelegatingKernel {
  readonly #lines: string[] = [];

  get text(): string {
    return this.#lines.map((line) => `${line}\n`).join('');
  }

  /** Unlike the other calls, by its number: that is what differs between architectures. */
  override ioctl(fd: Fd, request: IoctlRequest, argument: Buffer | number | null): number {
    return this.now(ioctlCall(fd, request, argument), () => this.inner.ioctl(fd, request, argument));
  }

  override ioctlLong(fd: Fd, request: IoctlRequest, argument: Buffer | number | null): Promise<number> {
    return this.later(ioctlCall(fd, request, argument), () => this.inner.ioctlLong(fd, request, argument));
  }

  protected override now<T>(call: PortCall, run: () => T): T {
    const end = this.#begin(call);
    try {
      const result = run();
      end(result);
      return result;
    } catch (error) {
      end(error);
      throw error;
    }
  }

  protected override async later<T>(call: PortCall, run: () => Promise<T>): Promise<T> {
    const end = this.#begin(call);
    try {
      const result = await run();
      end(result);
      return result;
    } catch (error) {
      end(error);
      throw error;
    }
  }

  #begin(call: PortCall): (result: unknown) => void {
    const head = [call.name, ...call.args.map(shown)].join(' ');
    const buffer = call.args.find((argument) => Buffer.isBuffer(argument));
    const before = buffer?.toString('hex');
    const at = this.#lines.push(head) - 1;
    return (result) => {
      const changed = buffer && buffer.toString('hex') !== before ? buffer : undefined;
      this.#lines[at] = [head, ...answer(result, changed)].join('\t');
    };
  }
}

const ioctlCall = (fd: Fd, { fdKind, number }: IoctlRequest, argument: Buffer | number | null): PortCall => ({
  name: 'ioctl',
  target: fdKind,
  args: [fd, `0x${number.toString(16)}`, argument ?? 0],
});

/** As replay.c writes it: no white space inside a word. */
function shown(value: unknown): string {
  if (Buffer.isBuffer(value)) return `<${value.toString('hex')}>`;
  if (typeof value === 'string')
    return value.replace(/[%\s]/g, (c) => `%${c.charCodeAt(0).toString(16).padStart(2, '0')}`);
  return value === null ? '-' : String(value as number | bigint);
}

/** What came back: the number returned, the errno, bytes. */
function answer(result: unknown, changed: Buffer | undefined): [string, string, string] {
  const bytes = (data: Buffer | undefined) => data?.toString('hex') ?? '';
  if (result instanceof KernelError) return ['-1', String(result.errno), bytes(changed)];
  if (result instanceof Killed) return ['killed', '0', ''];
  if (result instanceof Error) throw result;
  if (Buffer.isBuffer(result)) return [String(result.length), '0', bytes(result)];
  if (typeof result === 'string') return ['0', '0', bytes(Buffer.from(result))];
  if (typeof result === 'object' && result !== null && 'uid' in result) {
    const { uid, gid, mode } = result as { uid: number; gid: number; mode: number };
    return ['0', '0', bytes(Buffer.from(`${uid} ${gid} ${mode}`))];
  }
  if (typeof result === 'object' && result !== null && 'status' in result) return [String(result.status), '0', ''];
  return [String(Number(result ?? 0)), '0', bytes(changed)];
}
