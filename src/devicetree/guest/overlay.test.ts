import { expect, test } from 'vitest';
import { guestDevice } from '../../testing/guest-device.ts';
import { deviceTree, nodeAt, type NodeLiteral } from '../../testing/index.ts';
import { layoutGuest } from './layout.ts';
import type { GuestDevice } from './needs.ts';
import { guestOverlay, overlayHeader } from './overlay.ts';

const BUS = { '#address-cells': 1, '#size-cells': 1 } as const;

const TREE = deviceTree({
  ...BUS,
  'interrupt-parent': 1,
  'gic@f000': {
    compatible: 'arm,cortex-a15-gic',
    reg: [0xf000, 0x1000],
    phandle: 1,
    'interrupt-controller': true,
    '#interrupt-cells': 3,
  },
  'clock@1000': { phandle: 2, '#clock-cells': 1 },
  'smmu@2000': { phandle: 3, '#iommu-cells': 1 },
  'engine@30000': {
    ...BUS,
    compatible: ['maker,engine-2', 'maker,engine'],
    reg: [0x30000, 0x8000, 0x50100, 0x20],
    'reg-names': ['main', 'extra'],
    ranges: [0, 0x30000, 0x8000, 0x10000, 0x90000, 0x1000],
    interrupts: [0, 7, 4, 0, 8, 1],
    'interrupt-names': ['done', 'error'],
    clocks: [2, 5],
    'clock-names': ['bus'],
    iommus: [3, 0x42],
    status: 'okay',
    phandle: 4,
    'maker,mode': 9,
    'dma-coherent': true,
    'ring@1000': { compatible: 'maker,ring', reg: [0x1000, 0x1000], interrupts: [0, 9, 4], 'maker,parent': 4 },
    'part@2000': { reg: [0x2000, 0x100], interrupts: [0, 10, 4], phandle: 5 },
    spare: { 'interrupt-map': [0, 0, 0] },
  },
  'plain@60000': { compatible: 'maker,plain', reg: [0x60000, 0x2000], interrupts: [0, 11, 4] },
});

const device = (path: string, more: Partial<GuestDevice> = {}) => guestDevice(TREE, path, more);
const ENGINE = device('/engine@30000', {
  name: 'engine-0',
  included: new Set(['/engine@30000/ring@1000', '/engine@30000/part@2000']),
});
const RING = device('/engine@30000/ring@1000');

function overlay(...devices: GuestDevice[]): string {
  const { units } = layoutGuest(TREE, devices, 0x1000n);
  return guestOverlay({ tree: TREE, units, controller: 'intc', header: overlayHeader('vm1', units, 'intc') });
}

test('R-GUEST-4: writes compatible, reg, interrupts and the included children with addresses of the guest', () => {
  expect(overlay(ENGINE, RING)).toMatchInlineSnapshot(`
    "/* Devices of vm1 for the tree of its guest. Compile: dtc -@ -I dts -O dtb */
    /* It needs a label "intc" there: the GIC. The cells of its root are 2 and 2, as virtual machines have them. */
    /* engine-0: /engine@30000 at 0xc000000 */
    /dts-v1/;
    /plugin/;

    / {
    	fragment@0 {
    		target-path = "/";

    		__overlay__ {
    			#address-cells = <0x2>;
    			#size-cells = <0x2>;

    			engine_0: engine@c000000 {
    				#address-cells = <0x1>;
    				#size-cells = <0x1>;
    				compatible = "maker,engine-2", "maker,engine";
    				reg = <0x0 0xc000000 0x0 0x8000 0x0 0xc008000 0x0 0x20>;
    				reg-names = "main", "extra";
    				ranges = <0x0 0x0 0xc000000 0x8000>;
    				/* ranges: cut down to what lies in regions of assigned devices */
    				/* clocks: left out, what it names stays with the host (/clock@1000); the driver may need a fixed-clock in its place */
    				/* iommus: left out, the guest sees no IOMMU of the host */
    				maker,mode = <0x9>;
    				interrupt-parent = <&intc>;
    				interrupts = <0x0 0x70 0x4 0x0 0x71 0x1>;
    				interrupt-names = "done", "error";
    				dma-coherent;

    				ring: ring@1000 {
    					compatible = "maker,ring";
    					reg = <0x1000 0x1000>;
    					maker,parent = <&engine_0>;
    					interrupt-parent = <&intc>;
    					interrupts = <0x0 0x72 0x4>;
    				};

    				part@2000 {
    					reg = <0x2000 0x100>;
    					/* interrupts: left out, VFIO gives those of Linux devices only */
    				};
    			};
    		};
    	};
    };
    "
  `);
});

test('places devices beside each other, and leaves alone what the manifest places', () => {
  const text = overlay(ENGINE, device('/plain@60000', { base: 0xc00_1000n, interrupt: 113 }), RING);
  // The engine needs 0x9000 bytes and three interrupts: they fit behind the plain device only.
  expect(text).toContain('plain: plain@c001000 {');
  expect(text).toContain('engine_0: engine@c003000 {');
  expect(text).toContain('interrupts = <0x0 0x71 0x4>;');
  expect(text).toContain('interrupts = <0x0 0x72 0x4 0x0 0x73 0x1>;');
});

test('refers to the controller by the label that it is given, and gives no device that label', () => {
  const { units } = layoutGuest(TREE, [device('/plain@60000', { name: 'gic' })], 0x1000n);
  const text = guestOverlay({ tree: TREE, units, controller: 'gic', header: [] });
  expect(text).toContain('interrupt-parent = <&gic>;');
  expect(text).toContain('gic_2: plain@c000000 {');
});

test('a device inside another that is assigned alone stands for itself', () => {
  expect(overlay(RING)).toContain('\t\t\tring: ring@c000000 {\n');
});

test('no name of the host ends a comment', () => {
  const evil: NodeLiteral = {
    ...BUS,
    'a*': { 'clock*': { phandle: 1, '#clock-cells': 0 } },
    'dev@1000': { compatible: 'x', reg: [0x1000, 0x1000], clocks: [1] },
  };
  const tree = deviceTree(evil);
  const dev = { ...device('/plain@60000'), node: nodeAt(tree, '/dev@1000') };
  const { units } = layoutGuest(tree, [dev], 0x1000n);
  const text = guestOverlay({ tree, units, controller: 'intc', header: [] });
  expect(text.match(/\*\//g)).toHaveLength(1);
});
