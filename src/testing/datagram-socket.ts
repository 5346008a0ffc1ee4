import { closeSync } from 'node:fs';
import { loadKoffi } from '../runtime/kernel/linux/load-koffi.ts';

const AF_UNIX = 1;
const SOCK_DGRAM = 2;
const MSG_DONTWAIT = 0x40;

/** A Unix datagram socket, as a service manager listens on one: Node has none. */
export class DatagramSocket {
  private constructor(
    private readonly fd: number,
    private readonly recv: (fd: number, buffer: Buffer, length: number, flags: number) => number,
  ) {}

  /** Binds to a path; one that begins with `@` is abstract (unix(7)). */
  static async bind(path: string): Promise<DatagramSocket> {
    const libc = (await loadKoffi()).load(null);
    const fd = Number(libc.func('int socket(int family, int type, int protocol)')(AF_UNIX, SOCK_DGRAM, 0));
    const address = Buffer.from(path.startsWith('@') ? `..\0${path.slice(1)}` : `..${path}\0`, 'utf8');
    address.writeUInt16LE(AF_UNIX);
    const bound = Number(libc.func('int bind(int fd, void *address, uint32_t length)')(fd, address, address.length));
    if (fd < 0 || bound < 0) throw new Error(`no datagram socket at ${path}`);
    const recv = libc.func('intptr_t recv(int fd, void *buffer, size_t length, int flags)');
    return new DatagramSocket(fd, (...args) => Number(recv(...args)));
  }

  /** The messages that have come since it was last asked. */
  received(): string[] {
    const messages: string[] = [];
    const buffer = Buffer.alloc(4096);
    for (;;) {
      const length = this.recv(this.fd, buffer, buffer.length, MSG_DONTWAIT);
      if (length < 0) return messages;
      messages.push(buffer.toString('utf8', 0, length));
    }
  }

  close(): void {
    closeSync(this.fd);
  }
}
