import { defineDiagnostic } from '../../model/index.ts';

export const pluginNotFound = defineDiagnostic({
  code: 'plugin-not-found',
  severity: 'error',
  category: 'manifest',
  summary: 'There is no such plugin',
  explanation: `The manifest names a plugin, or an IOMMU model, that no plugin has. Plugins are looked for among those that come
with vfio-compose, those that the manifest lists under \`plugins\`, and the packages \`vfio-compose-plugin-*\` that are installed
beside it; never in a path of the environment. \`vfio-compose plugin list\` shows what is found, and what is wrong with what
cannot be used.`,
});

export const pluginAmbiguous = defineDiagnostic({
  code: 'plugin-ambiguous',
  severity: 'error',
  category: 'manifest',
  summary: 'Several plugins fit equally well',
  explanation: `Of the plugins that match a device, the one that matches the most specific entry of its \`compatible\` list (or, of a
PCI function, the most ids) is taken. Where two match equally, nobody but you can say which: name one, with
\`reset: {plugin: NAME}\` or \`iommu: {plugin: NAME}\`.`,
});

export const pluginFailed = defineDiagnostic({
  code: 'plugin-failed',
  severity: 'error',
  category: 'plugin',
  summary: 'A plugin failed',
  explanation: `A hook of a plugin threw an error or did not end within its time. That is a mistake in the plugin, not in the manifest:
report it to its author, with the message. \`vfio-compose plugin test DIR\` runs the checks that a plugin has to pass.`,
});

export const pluginNonsense = defineDiagnostic({
  code: 'plugin-nonsense',
  severity: 'error',
  category: 'plugin',
  summary: 'A plugin asks for something that it may not have',
  explanation: `What a hook returns is held against what the hook is about. A reset plugin reaches the registers of its own device only:
in a region that the device has, inside it, aligned, in a width of 1, 2, 4 or 8 bytes, with values that fit. An IOMMU plugin maps
the memory of its own VM only. This plugin asked for something else, or returned something that is no list of steps. That is a
mistake in the plugin: report it to its author. \`vfio-compose plugin test DIR\` finds such mistakes.`,
});

export const pluginOptions = defineDiagnostic({
  code: 'plugin-options',
  severity: 'error',
  category: 'manifest',
  summary: 'The options do not fit the plugin',
  explanation: `A plugin says which options it has in a JSON Schema; \`vfio-compose plugin info NAME\` shows them with their meaning and
their defaults. What the manifest gives does not fit it.`,
});
