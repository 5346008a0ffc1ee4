import { chmodSync, rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { didYouMean } from '../../model/index.ts';
import { type Fd, KernelError } from '../kernel/port.ts';
import {
  MAX_DESCRIPTORS,
  MAX_SOCKET_PATH,
  type PeerCredentials,
  type UnixSockets,
} from '../kernel/linux/unix-socket.ts';
import { type ControlAnswer, MAX_REQUEST_BYTES, parseRequest } from './control-protocol.ts';

/** A VM as far as the socket is concerned. */
export interface ServedVm {
  readonly name: string;
  /** Who may ask for its descriptors besides root and the supervisor's own user; null for nobody. */
  readonly uid: number | null;
  readonly fds: readonly { readonly name: string; readonly fd: Fd }[];
  /** Why there are none to give, where there are none. */
  readonly without: string;
}

export interface ControlOptions {
  readonly path: string;
  readonly sockets: UnixSockets;
  readonly vms: readonly ServedVm[];
  /** Called before a peer gets descriptors. */
  joined(vm: string, peer: PeerCredentials): void;
  say(line: string): void;
}

/** A connection says what it wants within this time. */
const REQUEST_LIMIT_MS = 10_000;
/** Whoever may not talk can at least not use up our descriptors by trying. */
const MAX_CONNECTIONS = 64;
/** As much of an answer is sent at once. */
const CHUNK_BYTES = 32 * 1024;
const RETRY_MS = 5;

/**
 * The socket of a project: gives the descriptors of a VM to commands that join it. The kernel says who is at the other end
 * (SO_PEERCRED, unix(7)); anybody but root, the supervisor's own user and the user of the VM is refused.
 */
export class ControlServer {
  private constructor(
    private readonly server: Server,
    private readonly options: ControlOptions,
  ) {}

  /** Listens. Throws an Error with what is wrong with the path. */
  static async listen(options: ControlOptions): Promise<ControlServer> {
    const { path } = options;
    if (Buffer.byteLength(path) > MAX_SOCKET_PATH) {
      throw new Error(`${path} is longer than the ${MAX_SOCKET_PATH} bytes that a socket may have`);
    }
    // Of one who was killed.
    rmSync(path, { force: true });
    const server = createServer();
    server.maxConnections = MAX_CONNECTIONS;
    const made = new ControlServer(server, options);
    server.on('connection', (socket) => void made.serve(socket));
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(path, () => resolve());
    });
    server.on('error', (error) => options.say(`The socket failed: ${error.message}`));
    // Whoever may not talk is told so; the directory keeps them from nothing else.
    chmodSync(path, 0o666);
    // What keeps the supervisor is the project, not its socket.
    server.unref();
    return made;
  }

  close(): void {
    this.server.close();
    rmSync(this.options.path, { force: true });
  }

  private async serve(socket: Socket): Promise<void> {
    socket.on('error', () => socket.destroy());
    const fd = descriptorOf(socket);
    try {
      if (fd === undefined) return;
      const peer = this.options.sockets.peerOf(fd);
      // Read in any case: who is refused while still writing hears of a broken pipe, and not why.
      const line = await lineOf(socket);
      const answer = this.mayTalk(peer) ? this.answer(line, peer) : refusedTo(peer);
      await this.send(fd, answer);
    } catch (error) {
      // The peer went away, or the process is out of descriptors: nobody is left to tell, and nothing else is affected.
      if (!(error instanceof KernelError)) throw error;
      this.options.say(`A connection failed: ${error.message}`);
    } finally {
      socket.destroy();
    }
  }

  private mayTalk({ uid }: PeerCredentials): boolean {
    return isTrusted(uid) || this.options.vms.some((vm) => vm.uid === uid);
  }

  private answer(line: string | undefined, peer: PeerCredentials): Given {
    const request = line === undefined ? undefined : parseRequest(line);
    if (!request) return refused('bad-request', 'This is no request that the socket of a project takes.');
    const { vms, joined } = this.options;
    const vm = vms.find(({ name }) => name === request.vm);
    if (!vm) {
      const near = didYouMean(
        request.vm,
        vms.map(({ name }) => name),
      );
      return refused('unknown-vm', `This project has no VM "${request.vm.slice(0, 64)}". ${near}`.trim());
    }
    if (!isTrusted(peer.uid) && vm.uid !== peer.uid) return refusedTo(peer);
    if (vm.fds.length === 0) return refused('no-descriptors', vm.without);
    joined(vm.name, peer);
    return {
      answer: { ok: true, vm: vm.name, names: vm.fds.map(({ name }) => name) },
      fds: vm.fds.map(({ fd }) => fd),
    };
  }

  /** The answer, its descriptors with its first bytes; more than one message takes ride on blanks behind it. */
  private async send(socket: Fd, { answer, fds }: Given): Promise<void> {
    const data = Buffer.from(`${JSON.stringify(answer)}\n`, 'utf8');
    for (let at = 0; at < data.length; at += CHUNK_BYTES) {
      await this.sendAll(socket, data.subarray(at, at + CHUNK_BYTES), at === 0 ? fds.slice(0, MAX_DESCRIPTORS) : []);
    }
    for (let at = MAX_DESCRIPTORS; at < fds.length; at += MAX_DESCRIPTORS) {
      await this.sendAll(socket, Buffer.from(' '), fds.slice(at, at + MAX_DESCRIPTORS));
    }
  }

  private async sendAll(socket: Fd, data: Buffer, fds: readonly Fd[]): Promise<void> {
    let carried = fds;
    const deadline = Date.now() + REQUEST_LIMIT_MS;
    for (let done = 0; done < data.length;) {
      try {
        done += this.options.sockets.send(socket, data.subarray(done), carried);
        carried = [];
      } catch (error) {
        // The peer does not read, or not yet.
        if (!(error instanceof KernelError) || error.code !== 'EAGAIN' || Date.now() > deadline) throw error;
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
      }
    }
  }
}

/** An answer, and the descriptors that go with it. */
interface Given {
  readonly answer: ControlAnswer;
  readonly fds: readonly Fd[];
}

type Reason = Extract<ControlAnswer, { ok: false }>['reason'];
const refused = (reason: Reason, message: string): Given => ({ answer: { ok: false, reason, message }, fds: [] });
const refusedTo = ({ uid }: PeerCredentials): Given =>
  refused('not-allowed', `User ${uid} may not talk to this project: only root and the user of the process may.`);

const isTrusted = (uid: number): boolean => uid === 0 || uid === process.getuid?.();

/** Node has no public name for the descriptor of a socket; it is where all of its versions keep it. */
function descriptorOf(socket: Socket): Fd | undefined {
  const { fd } = (socket as { _handle?: { fd?: unknown } })._handle ?? {};
  return typeof fd === 'number' && fd >= 0 ? fd : undefined;
}

/** The first line that a connection sends; undefined where it is too long, does not end, or does not come in time. */
function lineOf(socket: Socket): Promise<string | undefined> {
  return new Promise((resolve) => {
    let text = '';
    const end = (line: string | undefined): void => {
      socket.setTimeout(0);
      socket.pause();
      resolve(line);
    };
    socket.setTimeout(REQUEST_LIMIT_MS, () => end(undefined));
    socket.setEncoding('utf8');
    socket.on('data', (chunk: string) => {
      text += chunk;
      const at = text.indexOf('\n');
      if (at >= 0) end(text.slice(0, at));
      else if (text.length > MAX_REQUEST_BYTES) end(undefined);
    });
    socket.on('close', () => end(undefined));
  });
}
