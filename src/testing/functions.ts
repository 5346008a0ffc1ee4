import { bytes, physical } from '../model/index.ts';
import type { BlockDevice, Netdev, PciDevice } from '../model/index.ts';

type Shape = Partial<PciDevice>;

/** `lan1s0`, `lan1s0f2`: unlike any name that udev or the kernel gives, so that no default can stand in for it. */
function placeName(prefix: string, address: string): string {
  const [bus = '0', slot = '0', fn = '0'] = address.toLowerCase().split(/[:.]/).slice(-3);
  const number = (digits: string) => Number.parseInt(digits, 16);
  return `${prefix}${number(bus)}s${number(slot)}${number(fn) === 0 ? '' : `f${number(fn)}`}`;
}

/** An interface that is down and has no address. */
export const netdev = (name: string, options: Partial<Netdev> = {}): Netdev => ({
  name,
  up: false,
  hasAddress: false,
  defaultRoute: false,
  master: null,
  ...options,
});

/** A disk that nobody uses. */
export const disk = (name: string, options: Partial<BlockDevice> = {}): BlockDevice => ({
  name,
  mounts: [],
  swap: false,
  holders: [],
  ...options,
});

/** The limits of a process of root. */
export const UNLIMITED = { memlock: null, mayLockAnything: true, memlockHard: null, mayRaiseLimits: true } as const;

/** What common kinds of PCI functions look like, beyond their place. */
export const FUNCTIONS = {
  plain: () => ({
    vendor: '1af4',
    device: '1005',
    subsystem: null,
    class: '00ff00',
    revision: '01',
    header: 'endpoint' as const,
    driver: null,
    driverOverride: null,
    group: null,
    numaNode: null,
    resetMethods: ['flr', 'bus'],
    slot: null,
    bootDisplay: false,
    sriov: null,
    physicalFunction: null,
    virtualFunctionIndex: null,
    resources: [],
    netdevs: [],
    blocks: [],
  }),
  bridge: (): Shape => ({
    vendor: '8086',
    device: '3420',
    class: '060400',
    header: 'bridge',
    driver: 'pcieport',
    resetMethods: [],
  }),
  nic: (address: string): Shape => ({
    vendor: '8086',
    device: '10d3',
    subsystem: { vendor: '8086', device: 'a01f' },
    class: '020000',
    driver: 'e1000e',
    resources: [
      { index: 0, start: physical(0xc144_0000n), size: bytes(0x2_0000), kind: 'memory' },
      { index: 2, start: physical(0x3020n), size: bytes(0x20), kind: 'io' },
    ],
    netdevs: [netdev(placeName('lan', address))],
  }),
  gpu: (): Shape => ({
    vendor: '10de',
    device: '1c82',
    class: '030000',
    revision: 'a1',
    driver: 'nouveau',
    resetMethods: ['bus'],
    resources: [{ index: 0, start: physical(0xa300_0000n), size: bytes(0x100_0000), kind: 'memory' }],
  }),
  audio: (): Shape => ({
    vendor: '10de',
    device: '0fb9',
    class: '040300',
    revision: 'a1',
    driver: 'snd_hda_intel',
    resetMethods: ['bus'],
  }),
  nvme: (address: string): Shape => ({
    vendor: '144d',
    device: 'a808',
    class: '010802',
    driver: 'nvme',
    blocks: [disk(placeName('disk', address))],
  }),
  usb: (): Shape => ({ vendor: '1b36', device: '000d', class: '0c0330', driver: 'xhci_hcd' }),
  pf: (address: string): Shape => ({
    vendor: '8086',
    device: '10c9',
    class: '020000',
    driver: 'igb',
    sriov: { total: 7, enabled: 0, offset: 0x80, stride: 2 },
    netdevs: [netdev(placeName('lan', address))],
  }),
  vf: (address: string): Shape => ({
    vendor: '8086',
    device: '10ca',
    class: '020000',
    driver: 'igbvf',
    resetMethods: ['flr'],
    netdevs: [netdev(placeName('lan', address))],
  }),
} satisfies Record<string, (address: string) => Shape>;
