import { closeSync } from 'node:fs';
import { type Fd, KernelError } from '../kernel/port.ts';
import { loadUnixSockets, type UnixSockets } from '../kernel/linux/unix-socket.ts';
import { type ControlAnswer, type ControlRequest, parseAnswer } from './control-protocol.ts';

/** What a supervisor answered: the descriptors of a VM with their names, or why there are none. */
export type JoinOutcome =
  | { readonly kind: 'joined'; readonly names: readonly string[]; readonly fds: readonly Fd[] }
  | { readonly kind: 'refused'; readonly answer: Extract<ControlAnswer, { ok: false }> }
  /** Nobody listens: the errno of the attempt by name. */
  | { readonly kind: 'nobody'; readonly errno: string };

/** The longest answer that is read: as many names as an environment takes. */
const MAX_ANSWER_BYTES = 1024 * 1024;

/**
 * Asks the socket of a project for the descriptors of a VM. Waits in the kernel: the process has nothing else to do, and is
 * about to become another program. Throws {@link KernelError} where the connection breaks.
 */
export async function joinVm(path: string, vm: string): Promise<JoinOutcome> {
  const sockets = await loadUnixSockets();
  let socket: Fd;
  try {
    socket = sockets.connect(path, 'stream');
  } catch (error) {
    if (error instanceof KernelError) return { kind: 'nobody', errno: error.code };
    throw error;
  }
  try {
    const request: ControlRequest = { request: 'descriptors', vm };
    sockets.send(socket, Buffer.from(`${JSON.stringify(request)}\n`, 'utf8'), []);
    return readOutcome(sockets, socket);
  } finally {
    closeSync(socket);
  }
}

function readOutcome(sockets: UnixSockets, socket: Fd): JoinOutcome {
  const fds: Fd[] = [];
  const chunks: Buffer[] = [];
  let size = 0;
  let answer: ControlAnswer | undefined;
  while (answer === undefined || (answer.ok && fds.length < answer.names.length)) {
    const received = sockets.receive(socket, 64 * 1024);
    fds.push(...received.fds);
    chunks.push(received.data);
    size += received.data.length;
    if (received.data.length === 0 || size > MAX_ANSWER_BYTES)
      throw new KernelError('recvmsg', 'socket', 'ECONNRESET', 104);
    const text = Buffer.concat(chunks).toString('utf8');
    if (answer === undefined && text.includes('\n')) {
      answer = parseAnswer(text.slice(0, text.indexOf('\n')));
      if (answer === undefined) throw new KernelError('recvmsg', 'socket', 'EPROTO', 71);
    }
  }
  return answer.ok ? { kind: 'joined', names: answer.names, fds } : { kind: 'refused', answer };
}
