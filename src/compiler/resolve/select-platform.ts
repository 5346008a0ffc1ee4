import { findPlatform } from '../../devicetree/index.ts';
import { type DeviceTreeNode, describeDevice, isPci, unreachable } from '../../model/index.ts';
import type { HostIndex, Related, Span } from '../../model/index.ts';
import { deviceAmbiguous, malformedAddress, nodeWithoutDevice } from './diagnostics.ts';
import type { Lookup } from './lookup.ts';
import type { Selection } from './selection.ts';
import { whyNoDeviceText } from './why-no-device.ts';

/** Finds a device of another bus than PCI, by any of its names (R-NAME-1). */
export function byPlatformName(text: string, lookup: Lookup, at: Span): Selection {
  const { host } = lookup;
  const found = findPlatform(host, text);
  switch (found.kind) {
    case 'device':
      return { devices: [found.device] };
    case 'node':
      return { devices: [], why: whyNoDeviceText(found.node, found.why, host), absentAs: nodeWithoutDevice };
    case 'ambiguous': {
      const detail = `"${text}" may be ${found.candidates.length} nodes of the device tree. Write the one that is meant with its unit address, as listed.`;
      const related = found.candidates.map((node) => ({ message: describeNode(node, host) }));
      return { devices: [], refused: deviceAmbiguous({ detail, at, related }) };
    }
    case 'unknown':
      return { devices: [], ...hostWithout(host), near: () => found.near.map((name) => describeNear(name, host)) };
    default:
      return unreachable(found);
  }
}

/** A plain string that is no PCI address names a platform device, or was meant as a PCI address. */
export function byPlainName(text: string, lookup: Lookup, at: Span): Selection {
  const selection = byPlatformName(text, lookup, at);
  const found = selection.devices.length > 0 || selection.refused !== undefined || selection.absentAs !== undefined;
  if (found || (!/^[0-9a-f.]*:[0-9a-f:.]*$/i.test(text) && hostWithout(lookup.host).why === undefined))
    return selection;
  return noPciAddress(text, at);
}

/** The finding that something is no PCI address. */
export function noPciAddress(text: string, at: Span): Selection {
  const detail = `"${text}" is not a PCI address. Write it as lspci -D prints it, such as 0000:01:00.0; the domain may be left out.`;
  return { devices: [], refused: malformedAddress({ detail, at }) };
}

/** Says so where a host has nothing that such a name could stand for. */
function hostWithout({ inventory, byAddress }: HostIndex): { why?: string } {
  if (inventory.deviceTree) return {};
  for (const device of byAddress.values()) if (!isPci(device)) return {};
  return { why: 'It has neither a device tree nor a platform device.' };
}

const describeNode = ({ path }: DeviceTreeNode, host: HostIndex): string => {
  const device = host.byTreePath.get(path);
  return device ? `${path}: ${describeDevice(device)}` : `${path}, without a device`;
};

function describeNear(name: string, host: HostIndex): Related {
  const device = host.byAddress.get(name) ?? host.byTreePath.get(name);
  return { message: device ? `${name}: ${describeDevice(device)}` : name };
}
