/** What these mean for every ioctl. A call's own table comes first. */
export const COMMON_ERRORS: Readonly<Record<string, string>> = {
  EBADF: 'The file descriptor is not open any more.',
  EFAULT: 'The kernel could not read the argument. This is a fault of vfio-compose: please report it.',
  ENOTTY: 'The kernel does not know this call on this kind of file: it is older than the call, or built without it.',
  ENOMEM: 'The kernel has no memory left for it.',
  EINTR: 'A signal interrupted the call.',
  EMFILE: 'This process has as many files open as its limit allows (RLIMIT_NOFILE): raise it with ulimit -n.',
  ENFILE: 'The whole system has as many files open as it allows (fs.file-max).',
};
