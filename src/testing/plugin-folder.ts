import { directoryWith } from './directory.ts';

/** What a plugin's package says, as an author would write it. */
export const pluginPackage = (name: string, changes: Readonly<Record<string, unknown>> = {}): string =>
  JSON.stringify({
    name: `vfio-compose-plugin-${name}`,
    version: '0.1.0',
    type: 'module',
    'vfio-compose': { kind: 'reset', name: name.replace(/^reset-/, ''), api: 1 },
    ...changes,
  });

/** The code of a reset plugin; what `members` has, as source text, is added or wins. */
export const resetPluginCode = (name: string, members: Readonly<Record<string, string>> = {}): string => {
  const all = {
    name: JSON.stringify(name),
    version: '"0.1.0"',
    summary: '"a device of the tests"',
    matches: '[{ compatible: "acme,widget" }]',
    quiesce: '() => []',
    ...members,
  };
  const written = Object.entries(all).map(([key, value]) => `  ${key}: ${value},`);
  return `import { defineResetPlugin } from 'vfio-compose/plugin';\nexport default defineResetPlugin({\n${written.join('\n')}\n});\n`;
};

/** A folder with a manifest's place and one reset plugin, `reset-widget`, beside it. */
export const widgetFolder = (
  members: Readonly<Record<string, string>> = {},
  changes: Readonly<Record<string, unknown>> = {},
): string =>
  directoryWith({
    'vfio-compose.yaml': '',
    'widget/package.json': pluginPackage('reset-widget', changes),
    'widget/index.js': resetPluginCode('widget', members),
  });
