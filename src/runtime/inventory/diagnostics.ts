import { defineDiagnostic } from '../../model/index.ts';

export const hostNotReadable = defineDiagnostic({
  code: 'host-not-readable',
  severity: 'error',
  category: 'host',
  summary: 'The devices of this machine cannot be read',
  explanation: `vfio-compose reads a machine's devices from the sysfs of a Linux kernel, under \`/sys/bus\`. That
folder is missing: the machine does not run Linux, or sysfs is not mounted, as in some containers.

Work on a snapshot of the right machine instead: run \`vfio-compose capture -o host.json\` there, and give
\`--host host.json\` to any verb here.`,
});

export const snapshotUnreadable = defineDiagnostic({
  code: 'snapshot-unreadable',
  severity: 'error',
  category: 'host',
  summary: 'The host snapshot cannot be read',
  explanation: `The file given with \`--host\` could not be opened as a regular file. Check its name, which is taken
relative to the working directory, and its permissions. Devices, pipes and folders are refused, since reading them may
never end.`,
});

export const snapshotTooLarge = defineDiagnostic({
  code: 'snapshot-too-large',
  severity: 'error',
  category: 'host',
  summary: 'The host snapshot is too large',
  explanation: `A snapshot may have at most 256 MiB and 20 million values, which is room for about 200,000 devices, and 32
levels of objects and lists. Anything larger is not a snapshot, and reading it would only exhaust memory.`,
});

export const snapshotNotJson = defineDiagnostic({
  code: 'snapshot-not-json',
  severity: 'error',
  category: 'host',
  summary: 'The host snapshot is not JSON',
  explanation: `A snapshot is one JSON document (RFC 8259), as \`vfio-compose capture\` writes it: no comments, no
trailing commas, keys in double quotes. The position is where the text stops being JSON. A file that ends too early was
not copied whole.`,
});

export const snapshotVersion = defineDiagnostic({
  code: 'snapshot-version',
  severity: 'error',
  category: 'host',
  summary: 'The host snapshot has a format that this version does not read',
  explanation: `\`format_version\` says how a snapshot is written. This version of vfio-compose reads format 1. Take the
snapshot again with this version, or use the version that took it.`,
});

export const snapshotInvalid = defineDiagnostic({
  code: 'snapshot-invalid',
  severity: 'error',
  category: 'host',
  summary: 'The host snapshot does not have the right shape',
  explanation: `A snapshot follows \`schema/snapshot.schema.json\`: every fact has its key, an unknown fact is \`null\`,
64-bit values are hex strings. Nothing is guessed for what is missing, since a plan made from a guess would be wrong on
the real host. Take the snapshot again with \`vfio-compose capture\`, or correct the value at the position.`,
});

export const snapshotInconsistent = defineDiagnostic({
  code: 'snapshot-inconsistent',
  severity: 'error',
  category: 'host',
  summary: 'The host snapshot contradicts itself',
  explanation: `Each value of the snapshot is well formed, but no host can look like this: two devices with one address
or one path, a driver whose name leads out of its folder, a device in a group that is not listed, a path that is not the device's, a region that ends before it
begins, a device made from a node that the device tree lacks, a node listed before its parent. A captured snapshot never does; an edited one may. Correct the value at the position.`,
});
