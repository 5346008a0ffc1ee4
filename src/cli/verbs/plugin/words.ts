import type { Plugin, ResetMatch } from '../../../model/index.ts';
import type { PluginOrigin } from '../../../runtime/plugins/index.ts';

/** What a plugin is for: devices by their ids, or models of an IOMMU. */
export const purposesOf = (plugin: Plugin): string[] =>
  plugin.kind === 'reset' ? plugin.matches.map(matchInWords) : plugin.models.map(({ name }) => `model ${name}`);

function matchInWords(match: ResetMatch): string {
  if ('compatible' in match) return `compatible ${match.compatible}`;
  const { vendor, device, subsystem, class: code } = match.pci;
  const parts = [
    vendor && `${vendor}:${device ?? '*'}`,
    subsystem && `subsystem ${subsystem.vendor}:${subsystem.device}`,
    code && `class ${code}`,
  ].filter(Boolean);
  return `pci ${parts.length === 0 ? '(any)' : parts.join(' ')}`;
}

/** Where a plugin comes from. */
export function originInWords(origin: PluginOrigin): string {
  switch (origin.kind) {
    case 'manifest':
      return origin.named.name;
    case 'built-in':
      return 'built-in';
    case 'installed':
      return 'installed';
  }
}
