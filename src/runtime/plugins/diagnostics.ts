import { defineDiagnostic, type DiagnosticKind } from '../../model/index.ts';

/** An error where the manifest names the plugin; a warning where it only lies about. */
const fault = (code: string, summary: string, explanation: string): DiagnosticKind =>
  defineDiagnostic({ code, severity: 'error', category: 'plugin', summary, explanation });

export const pluginMissing = fault(
  'plugin-missing',
  'A plugin that the manifest lists is not there',
  `An entry of \`plugins:\` is a folder or the name of a package. What begins with \`./\`, \`../\` or \`/\` is a folder, and a relative one counts
from the file that the entry stands in. Everything else is the name of a package, which is looked for in \`node_modules\` beside that file
and in the folders above it. No environment variable takes part: vfio-compose may run as root.

Plugins that come with vfio-compose, or are installed beside it, need no entry; \`vfio-compose plugin list\` shows them.`,
);

export const pluginUnsafe = fault(
  'plugin-unsafe',
  'A plugin can be changed by somebody else',
  `A plugin is code. When vfio-compose runs as root, so does the plugin; whoever can write to it is root then. So as root, a plugin is
refused when a file or folder of it, or a folder above it, may be written by its Unix group or by others, or belongs to a user who is
neither root nor the owner of the manifest that names it. (A folder with the sticky bit, such as /tmp, is no danger to what lies in
it.)

Take the permissions away (\`chmod -R go-w FOLDER\`), give it to root (\`chown -R root: FOLDER\`), or copy it to a place that only root
writes to. Planning needs no root and has no such rule.`,
);

export const pluginMetadata = fault(
  'plugin-metadata',
  'A package does not say that it is a plugin',
  `Before any of its code runs, a plugin says what it is, in its \`package.json\`:

\`\`\`json
"vfio-compose": { "kind": "reset", "name": "my-device", "api": 1 }
\`\`\`

\`kind\` is \`reset\` or \`iommu\`, \`name\` is lower-case letters, digits and \`-\`, and \`api\` is the version of what it is written against. The
detail says what is missing or malformed. \`vfio-compose plugin new\` writes a package that is right.`,
);

export const pluginApi = fault(
  'plugin-api',
  'A plugin is written for another vfio-compose',
  `\`api\` in the \`vfio-compose\` part of the plugin's \`package.json\` is the version of the interface between the two. It is raised when plugins
have to be changed, and a plugin of another version is not loaded: its hooks could mean something else.

Install the version of the plugin that is made for this vfio-compose, or the other way round.`,
);

export const pluginNotLoadable = fault(
  'plugin-not-loadable',
  'The code of a plugin cannot be loaded',
  `The module that \`main\` or \`exports\` of the plugin's \`package.json\` names is missing, is not JavaScript that this Node reads, imports
something that is not there, or threw while it was loaded. The detail has Node's own words.

A plugin is an ES module (\`"type": "module"\`). It imports nothing but \`vfio-compose/plugin\`, which always is the running
vfio-compose's own, and its own files.`,
);

export const pluginContract = fault(
  'plugin-contract',
  'A plugin is not what a plugin has to be',
  `The default export of the module is what \`defineResetPlugin\` or \`defineIommuPlugin\` of \`vfio-compose/plugin\` returns. Its kind, name and
\`api\` agree with \`package.json\`, and it has what every plugin of its kind has: a reset plugin \`matches\` and \`quiesce\`, an IOMMU plugin
\`models\`, \`isolates\` and \`claims\`. Everything that does not hold is in the detail.

\`vfio-compose plugin test FOLDER\` checks that and much more.`,
);

export const pluginTwice = fault(
  'plugin-twice',
  'Two plugins have the same kind and name',
  `Plugins are called by kind and name (\`reset-my-device\`), in manifests and in plans. Of two with the same, one listed under \`plugins:\` wins
over one that comes with vfio-compose, and that over one that is installed beside it. The loser is named. Two entries of \`plugins:\`
with the same name are an error, since neither is meant more than the other.

Rename one of them, or remove the entry that is not meant.`,
);
