import { resolveManifest } from '../compiler/resolve/resolve.ts';
import { indexHost } from '../model/index.ts';
import type { DeviceManifest, ManifestDocument, ResolvedPlatformDevice, VmManifest } from '../model/index.ts';
import { netdev } from './functions.ts';
import { testPlugins } from './plugins.ts';
import { host, type HostBuilder } from './host.ts';
import { manifestFrom } from './manifest.ts';

/** A bus with a MAC, a crypto block whose driver makes devices of its rings, and what is no device. */
const TREE = {
  '#address-cells': 1,
  '#size-cells': 1,
  'interrupt-parent': 1,
  aliases: { ethernet7: '/soc@f0000000/ethernet@51000', crypto: '/soc@f0000000/crypto@60000' },
  __symbols__: { mac7: '/soc@f0000000/ethernet@51000' },
  'intc@e0000000': {
    compatible: 'arm,gic-400',
    'interrupt-controller': true,
    '#interrupt-cells': 3,
    reg: [0xe000_0000, 0x1000],
    phandle: 1,
  },
  'soc@f0000000': {
    compatible: 'simple-bus',
    '#address-cells': 1,
    '#size-cells': 1,
    ranges: [0, 0xf000_0000, 0x100_0000],
    'ethernet@51000': {
      compatible: 'x,mac',
      reg: [0x5_1000, 0x1000, 0x5_2000, 0x1000],
      'reg-names': ['mac', 'pcs'],
      interrupts: [0, 80, 4, 0, 81, 1],
      'interrupt-names': ['main', 'wake'],
    },
    'ethernet@53000': { compatible: 'x,mac', reg: [0x5_3000, 0x1000], status: 'disabled' },
    'crypto@60000': {
      compatible: 'fsl,sec-v4.0',
      '#address-cells': 1,
      '#size-cells': 1,
      ranges: [0, 0x6_0000, 0x1_0000],
      reg: [0x6_0000, 0x1_0000],
      'jr@1000': { compatible: 'fsl,sec-v4.0-job-ring', reg: [0x1000, 0x1000] },
      'jr@2000': { compatible: 'fsl,sec-v4.0-job-ring', reg: [0x2000, 0x1000], 'port@0': { endpoint: {} } },
      'rtic@6000': { compatible: 'fsl,sec-v4.0-rtic', reg: [0x6000, 0x100], 'rtic-a@0': { reg: [0, 0x20] } },
      notes: {},
    },
    'i2c@70000': {
      compatible: 'x,i2c',
      reg: [0x7_0000, 0x100],
      '#address-cells': 1,
      '#size-cells': 0,
      'eeprom@50': { compatible: 'x,eeprom', reg: 0x50 },
    },
    'pl330@80000': {
      compatible: ['arm,pl330', 'arm,primecell'],
      reg: [0x8_0000, 0x1000, 0x8_1000, 0x1000],
      interrupts: [0, 90, 4],
    },
  },
} as const;

export const SOC = '/soc@f0000000';
export const MAC = 'f0051000.ethernet';
export const CRYPTO = 'f0060000.crypto';

export const machine = (): HostBuilder =>
  host()
    .smmuV3()
    .tree(TREE)
    .platform('soc@f0000000', { treePath: SOC, group: null })
    .platform(MAC, {
      treePath: `${SOC}/ethernet@51000`,
      driver: 'x-mac',
      netdevs: [netdev('lan7', { mac: '52:54:00:aa:bb:07' })],
    })
    .platform(CRYPTO, { treePath: `${SOC}/crypto@60000`, driver: 'caam' })
    .platform('f0070000.i2c', { treePath: `${SOC}/i2c@70000` })
    .amba('f0080000.pl330', { treePath: `${SOC}/pl330@80000` })
    .nic('01:00.0');

/** The same while the driver of the crypto block has made devices of two rings. */
export const withRings = (): HostBuilder =>
  machine()
    .platform('f0061000.jr', { treePath: `${SOC}/crypto@60000/jr@1000`, driver: 'caam_jr' })
    .platform('f0062000.jr', { treePath: `${SOC}/crypto@60000/jr@2000`, driver: 'caam_jr' });

/** Resolves VMs, with what was found as `code at place`. */
export function resolve(vms: Record<string, Partial<VmManifest>>, on: HostBuilder = machine()) {
  const document = { version: 1, vms } as ManifestDocument;
  const { value, diagnostics } = resolveManifest(manifestFrom(document), indexHost(on.build()), testPlugins);
  const found = diagnostics.map(({ code, at }) => `${code} at ${at?.file}`);
  return { found, diagnostics, devices: value?.vms.flatMap((vm) => vm.devices) ?? [] };
}

/** Resolves one device entry. */
export const one = (entry: DeviceManifest | string, on?: HostBuilder) =>
  resolve({ guest: { devices: { it: entry } } }, on);

/** What one entry resolves to, where that is a platform device. */
export const platformOf = (entry: DeviceManifest, on?: HostBuilder): Partial<ResolvedPlatformDevice> => {
  const [device] = one(entry, on).devices;
  return device && device.bus !== 'pci' ? device : {};
};
