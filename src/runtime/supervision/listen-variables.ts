/** The variables of sd_listen_fds(3) for descriptors from 3 on. LISTEN_PID is this process, which the program is about to be. */
export const listenVariables = (names: readonly string[]): { readonly name: string; readonly value: string }[] => [
  { name: 'LISTEN_PID', value: String(process.pid) },
  { name: 'LISTEN_FDS', value: String(names.length) },
  { name: 'LISTEN_FDNAMES', value: names.join(':') },
];
