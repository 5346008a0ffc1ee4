import { errnoName } from '../errno.ts';
import { type Fd, KernelError } from '../port.ts';
import { loadKoffi } from './load-koffi.ts';

/** Values of the asm-generic headers (bits/socket.h, linux/socket.h), which all architectures of ours share. */
const AF_UNIX = 1;
const SOCK_STREAM = 1;
const SOCK_DGRAM = 2;
const SOCK_CLOEXEC = 0o2000000;
const SOL_SOCKET = 1;
const SO_PEERCRED = 17;
const SCM_RIGHTS = 1;
const MSG_NOSIGNAL = 0x4000;
const MSG_CMSG_CLOEXEC = 0x40000000;
const MSG_CTRUNC = 0x8;
/** The path of a socket has as much room in sockaddr_un, its end included (unix(7)). */
export const MAX_SOCKET_PATH = 107;
/** SCM_MAX_FD (include/net/scm.h): a message carries no more descriptors. */
export const MAX_DESCRIPTORS = 253;

/** Who is at the other end of a socket, as the kernel saw it connect (struct ucred, unix(7)). */
export interface PeerCredentials {
  readonly pid: number;
  readonly uid: number;
  readonly gid: number;
}

/** A message that carries descriptors, as it was received. */
export interface Received {
  readonly data: Buffer;
  readonly fds: readonly Fd[];
}

/**
 * The calls on Unix sockets that Node has no function for: descriptors in messages, credentials of the peer, datagrams.
 * Each throws {@link KernelError}. Descriptors that are made are closed on exec.
 */
export interface UnixSockets {
  peerOf(fd: Fd): PeerCredentials;
  /** Connects to a path; one that begins with `@` is abstract (unix(7)). */
  connect(path: string, kind: 'stream' | 'datagram'): Fd;
  /** Sends bytes with descriptors; the descriptors go with the first byte. Returns how many bytes were taken. */
  send(fd: Fd, data: Buffer, fds: readonly Fd[]): number;
  /** Receives up to `length` bytes, and what descriptors come with them. Nothing at the end of the stream. */
  receive(fd: Fd, length: number): Received;
}

type Koffi = Awaited<ReturnType<typeof loadKoffi>>;

/** Loads the calls. Throws {@link NativeCallsMissing}. */
export async function loadUnixSockets(): Promise<UnixSockets> {
  const koffi = await loadKoffi();
  const libc = koffi.load(null);
  const word = koffi.sizeof('size_t');
  const { sendmsg, recvmsg } = messageCalls(koffi, libc);
  const getsockopt = libc.func('int getsockopt(int fd, int level, int name, void *value, void *length)');
  const socket = libc.func('int socket(int family, int type, int protocol)');
  const connect = libc.func('int connect(int fd, void *address, uint32_t length)');
  const close = libc.func('int close(int fd)');
  const check = (call: string, target: string, result: number): number => {
    if (result >= 0) return result;
    const errno = koffi.errno();
    throw new KernelError(call, target, errnoName(errno), errno);
  };
  return {
    peerOf: (fd) => {
      const value = Buffer.alloc(12);
      const length = Buffer.alloc(4);
      length.writeUInt32LE(value.length);
      check('getsockopt', 'socket', Number(getsockopt(fd, SOL_SOCKET, SO_PEERCRED, value, length)));
      return { pid: value.readInt32LE(0), uid: value.readUInt32LE(4), gid: value.readUInt32LE(8) };
    },
    connect: (path, kind) => {
      const type = (kind === 'stream' ? SOCK_STREAM : SOCK_DGRAM) | SOCK_CLOEXEC;
      const fd = check('socket', path, Number(socket(AF_UNIX, type, 0)));
      const address = addressOf(path);
      const result = Number(connect(fd, address, address.length));
      const errno = koffi.errno();
      if (result >= 0) return fd;
      close(fd);
      throw new KernelError('connect', path, errnoName(errno), errno);
    },
    send: (fd, data, fds) => {
      const control = fds.length === 0 ? null : rights(fds, word);
      const message = messageOf(data, control);
      return check('sendmsg', 'socket', Number(sendmsg(fd, message, MSG_NOSIGNAL)));
    },
    receive: (fd, length) => {
      const data = Buffer.alloc(length);
      const control = Buffer.alloc(align(headerSize(word), word) + align(MAX_DESCRIPTORS * 4, word));
      const message = messageOf(data, control);
      const size = check('recvmsg', 'socket', Number(recvmsg(fd, message, MSG_CMSG_CLOEXEC)));
      const fds = descriptorsIn(control.subarray(0, Number(message.controlLength)), word);
      if ((message.flags & MSG_CTRUNC) !== 0) {
        for (const one of fds) close(one);
        // RLIMIT_NOFILE is reached, or the sender is none of ours.
        throw new KernelError('recvmsg', 'socket', 'EMFILE', 24);
      }
      return { data: data.subarray(0, size), fds };
    },
  };
}

/** sendmsg(2) and recvmsg(2), with struct msghdr and struct iovec. */
function messageCalls(koffi: Koffi, libc: ReturnType<Koffi['load']>) {
  // Anonymous, so that loading twice does not name a type twice. musl has an int and padding where glibc has a size_t:
  // the same bytes on little-endian machines, which all of ours are.
  const iovec = koffi.struct({ base: 'void *', length: 'size_t' });
  const header = koffi.struct({
    name: 'void *',
    nameLength: 'uint32_t',
    iov: koffi.pointer(iovec),
    iovLength: 'size_t',
    control: 'void *',
    controlLength: 'size_t',
    flags: 'int',
  });
  const sendmsg = libc.func('sendmsg', 'intptr_t', ['int', koffi.pointer(header), 'int']);
  const recvmsg = libc.func('recvmsg', 'intptr_t', ['int', koffi.inout(koffi.pointer(header)), 'int']);
  return { sendmsg, recvmsg };
}

function messageOf(data: Buffer, control: Buffer | null) {
  return {
    name: null,
    nameLength: 0,
    iov: { base: data, length: data.length },
    iovLength: 1,
    control,
    controlLength: control?.length ?? 0,
    flags: 0,
  };
}

/** struct sockaddr_un (unix(7)). Throws for a path that it has no room for. */
function addressOf(path: string): Buffer {
  const name = Buffer.from(path, 'utf8');
  if (name.length > MAX_SOCKET_PATH) throw new KernelError('connect', path, 'ENAMETOOLONG', 36);
  const family = Buffer.alloc(2);
  family.writeUInt16LE(AF_UNIX);
  if (path.startsWith('@')) name[0] = 0;
  // An abstract name has no end but its length; a path has a NUL.
  return Buffer.concat(path.startsWith('@') ? [family, name] : [family, name, Buffer.alloc(1)]);
}

/** struct cmsghdr: a length of one word, then level and type; data begins at the next word (cmsg(3)). */
const headerSize = (word: number): number => word + 8;
const align = (size: number, word: number): number => Math.ceil(size / word) * word;

function rights(fds: readonly Fd[], word: number): Buffer {
  const start = align(headerSize(word), word);
  const control = Buffer.alloc(start + align(fds.length * 4, word));
  control.writeUInt32LE(start + fds.length * 4, 0);
  control.writeInt32LE(SOL_SOCKET, word);
  control.writeInt32LE(SCM_RIGHTS, word + 4);
  fds.forEach((fd, index) => control.writeInt32LE(fd, start + index * 4));
  return control;
}

function descriptorsIn(control: Buffer, word: number): Fd[] {
  const start = align(headerSize(word), word);
  const fds: Fd[] = [];
  for (let at = 0; at + start <= control.length;) {
    const length = control.readUInt32LE(at);
    if (length < start) break;
    const isRights = control.readInt32LE(at + word) === SOL_SOCKET && control.readInt32LE(at + word + 4) === SCM_RIGHTS;
    for (let one = at + start; isRights && one + 4 <= at + length; one += 4) fds.push(control.readInt32LE(one));
    at += align(length, word);
  }
  return fds;
}
