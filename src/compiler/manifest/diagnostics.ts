import { defineDiagnostic, type DiagnosticKind } from '../../model/index.ts';

const fault = (code: string, summary: string, explanation: string): DiagnosticKind =>
  defineDiagnostic({ code, severity: 'error', category: 'manifest', summary, explanation });

export const unsetVariable = fault(
  'unset-variable',
  'A variable is not set and has no default',
  `Values may hold variables as in Docker Compose: \`\${NAME}\`, \`\${NAME:-default}\`, \`\${NAME:?message}\`, \`$NAME\`; \`$$\` is a dollar sign.
Compose replaces an unset variable by nothing and warns. Here it is an error: an address or a size that is silently empty would be
the wrong device or the wrong memory.

Set the variable in the environment, or in a file named with \`--env-file\` (the environment wins), or give a default:
\`\${NIC:-0000:01:00.0}\`. A default may be empty (\`\${NIC:-}\`) where nothing is what you mean.`,
);

export const badInterpolation = fault(
  'bad-interpolation',
  'A variable is not written as one',
  `After \`$\` comes a name (\`$NIC\`), or braces around a name and what to do when it is not set: \`\${NIC}\`, \`\${NIC:-default}\`,
\`\${NIC:?message}\`, \`\${NIC:+other}\`. Names are letters, digits and \`_\`, and do not begin with a digit. Defaults may hold variables, up to 16
deep. A dollar sign that means itself is written \`$$\`. With its variables replaced, a value has at most 65536 characters.`,
);

export const fileNotReadable = fault(
  'file-not-readable',
  'A file of the manifest cannot be read',
  `A file named with \`-f\`, with \`VFIO_COMPOSE_FILE\`, as an argument, or as \`--env-file\` is missing, is not a regular file, may not be read by you,
is too long, or is not UTF-8 text. The detail says which.

Relative names on the command line count from the working directory.`,
);

export const includeNotReadable = fault(
  'include-not-readable',
  'An included file cannot be read',
  `\`include\` names files that lie below the including one: its own values win. Relative paths count from the directory of the file that says
\`include\`, not from the working directory, so that a set of files can be moved together.

An included file is a regular file called \`.yaml\` or \`.yml\`, at the end of symbolic links too: whoever writes a manifest is not always
who runs it, and a file that cannot be parsed is shown in messages. Files that the command line names may be called anything.

The detail says what is wrong with the file: it is missing, may not be read, is called otherwise, or is not UTF-8 text.`,
);

export const includeCycle = fault(
  'include-cycle',
  'A file includes itself',
  `Files that include each other in a circle have no order in which one could override the other. All files of the circle are shown. Move what
they share into a third file.`,
);

export const manifestNotFound = fault(
  'manifest-not-found',
  'No manifest was found',
  `Without a file name, \`vfio-compose.yaml\` or \`vfio-compose.yml\` is looked for in the working directory and then in every directory above it.

Name the file (\`vfio-compose plan lab.yaml\`, or \`-f lab.yaml\`), set \`VFIO_COMPOSE_FILE\`, or change to the directory of the project.`,
);

export const badEnvFile = fault(
  'bad-env-file',
  'A line of an environment file is not NAME=value',
  `A file named with \`--env-file\` holds lines \`NAME=value\`. Empty lines and lines that begin with \`#\` are left out; \`export\` may stand before the
name. A value in single quotes is taken as it stands; in double quotes, \`\\n\`, \`\\t\`, \`\\"\` and \`\\\\\` are replaced. Without quotes, \` #\` begins a
comment. Variables are not replaced in it.`,
);

export const badProjectName = fault(
  'bad-project-name',
  'The project name is not allowed',
  `The name is part of paths and of the names of running projects: 1 to 63 lower-case letters, digits, \`-\` and \`_\`, beginning with a letter or
digit. It comes from \`-p\`, else from \`VFIO_COMPOSE_PROJECT_NAME\`, else from \`name:\` in the manifest, else from the directory's name, in
which everything else is replaced by \`-\`.`,
);

export const unknownKey = fault(
  'unknown-key',
  'A key is not part of the manifest language',
  `Every key that is not known is refused: a misspelt \`reset: none\` or \`optional: true\` would otherwise do nothing, and nobody would see
that. The near name is shown, and where the key would belong if it is a key of something else.

Keys of your own begin with \`x-\`; they are ignored, and are the place for anchors. The reference is in [manifest.md](../manifest.md).`,
);

export const missingKey = fault(
  'missing-key',
  'A key is missing',
  `Something that has no default is not there: \`version\`, the \`devices\` of a VM, the \`iova\` and \`size\` of a mapping, the \`mode\` of a hand-over,
the \`pf\` and \`index\` of a virtual function, the \`index\` of an interrupt. An empty \`devices\` or \`vms\` counts as missing too.`,
);

export const wrongType = fault(
  'wrong-type',
  'A value has the wrong type',
  `The manifest has maps, lists, texts, whole numbers, and true or false, and each key takes one of them (some take two). Under YAML 1.2, \`yes\`
and \`on\` are texts, \`12:30\` is a text, and \`0x10\` is the number 16.

An unquoted number where only a text can stand (the class \`0200\`) is taken by its text. Where a value became empty, look at the variable in it.`,
);

export const wrongValue = fault(
  'wrong-value',
  'A value is not one of those allowed',
  `The type is right, but the value is not: a word that is not among the choices, a number out of range, or a text that does not have the
form of what it should name. The choices or the form are in the detail, and in [manifest.md](../manifest.md).`,
);

export const invalidSize = fault(
  'invalid-size',
  'A size or an address is not an exact number of bytes',
  `Sizes and addresses are 64-bit numbers of bytes, exact: \`4096\`, \`0x1000\`, \`4KiB\`, \`2GiB\`. The units are binary: KiB, MiB, GiB, TiB, PiB, or the
same as K, M, G, T, P. \`GB\` is refused because it means 10⁹ to some and 2³⁰ to others, and a mapping that is 7% too small makes a
device write where nothing is mapped.

Not allowed: fractions (\`1.5GiB\` is \`1536MiB\`), negative numbers, separators inside of numbers, and more than 64 bits.`,
);

export const oneSelector = fault(
  'one-selector',
  'A device is not named in exactly one way',
  `A device is selected by exactly one of \`pci\`, \`sysfs\`, \`id\`, \`class\`, \`netdev\`, \`block\`, \`vf\`, \`serial\`, \`topology\` and \`platform\`. With two,
they could name different devices, and which one wins would be a guess.

Keep one, and state the rest as \`expect:\`, which refuses a device that changed behind its address. Where several files are merged, the
lower one's selector stays unless the upper one gives the same key: all places are shown.`,
);

export const selectorModifier = fault(
  'selector-modifier',
  'index, slot or all does not fit the way the device is named',
  `\`index\`, \`slot\` and \`all\` say which of several matches is meant. Only \`id\` and \`class\` can match several devices. \`index\` picks one
and \`all\` takes every one, so they exclude each other.`,
);

export const vmsAndDevices = fault(
  'vms-and-devices',
  'A VM is described both at the top level and under vms',
  `A manifest has either \`vms:\` with the VMs by name, or one VM whose \`devices\`, \`memory\`, \`iommu\`, \`msi\` and \`handoff\` stand at the top level.
With both, it would not be clear whether the keys at the top are a VM of their own or defaults for all.

Move the keys under the VM that they belong to. For values that VMs share, use an anchor under an \`x-\` key and merge it with \`<<:\`.`,
);

export const onExitNeedsRun = fault(
  'on-exit-needs-run',
  'It is said what happens after a process, and there is no process',
  `\`onExit\` says what happens when the process of \`run\` has ended. Without \`run\`, vfio-compose starts nothing and waits for \`down\`.

Add \`run\`, or leave \`onExit\` out.`,
);

export const badProcess = fault(
  'bad-process',
  'The process cannot be started as it is written',
  `A process is started without a shell and without the caller's environment, so that the plan says all there is to say: the program and its
working directory are absolute paths, no text holds a NUL, and the variables \`LISTEN_*\` and \`VFIO_COMPOSE_*\` are set by vfio-compose
([supervision.md](../supervision.md)).

For what a shell does, name the shell: \`command: [/bin/sh, -c, "…"]\`.`,
);

export const ownerNeedsBind = fault(
  'owner-needs-bind',
  'An owner for the device nodes is given, but nobody else opens them',
  `\`user\`, \`group\` and \`permissions\` give the nodes in /dev/vfio to somebody who opens them. With \`mode: hold\`, vfio-compose opens them itself and
hands over descriptors; the nodes stay closed to others.

Use \`mode: bind\`, or leave these keys out.`,
);

export const irqsNeedHold = fault(
  'irqs-need-hold',
  'Interrupts are to be connected, but the device is opened by somebody else',
  `Interrupts are connected to eventfds with VFIO_DEVICE_SET_IRQS on the open device. With \`handoff: bind\`, vfio-compose does not open the device:
whoever does connects the interrupts.

Use \`handoff: hold\`, or leave \`irqs\` out.`,
);

export const pageSizeNeedsHugePages = fault(
  'page-size-needs-huge-pages',
  'A huge page size is given, or huge pages are to be reserved, for memory without huge pages',
  `\`pageSize\` is the size of the huge pages that back a mapping, and \`reserve\` adds what the host lacks of them. Anonymous memory has none
of its own choice; a \`memfd\` has them where it gives their size.

Use \`backing: hugetlb\` (or \`memfd\` with \`pageSize\`), or leave the key out.`,
);

export const regionSelector = fault(
  'region-selector',
  'A region is not named in exactly one way',
  `An entry of \`regions\` is a demand on one region of a platform device. The region is named by \`index\`, its position in the node's \`reg\`
(which is also its index for VFIO), or by \`name\`, its name in \`reg-names\`. With both, they could be two regions; with neither, it is none.

\`vfio-compose inspect DEVICE\` lists the regions of a device with both.`,
);

export const tooManyFindings = defineDiagnostic({
  code: 'too-many-findings',
  severity: 'note',
  category: 'manifest',
  summary: 'Only the first findings are shown',
  explanation: `One slip (a wrong indentation, the wrong file) can make very many findings. The first hundred are shown, in order of position; mend
those and validate again.`,
});
