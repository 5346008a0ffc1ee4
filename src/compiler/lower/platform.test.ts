import { expect, it } from 'vitest';
import { resolvedIommu } from '../../testing/resolved-iommu.ts';
import { bytes, type HostInventory, type Step } from '../../model/index.ts';
import { describeStep } from '../../render/step.ts';
import { host, planFor, spanAt } from '../../testing/index.ts';
import {
  lowerVm,
  MDIO,
  midwayHost,
  midwayPlan,
  PL330,
  platformPlan,
  platformVm,
  resolvedPlatform,
  smmuHost,
  smmuPlan,
  XGBE,
  XGMAC,
  planOfOne as planOf,
  stepsOfKind as ofKind,
} from '../../testing/platform-plan.ts';
import { verifyPlan } from '../verify/verify.ts';

const ids = (steps: readonly Step[]): string[] => steps.map(({ id }) => id);
const at = spanAt(['here']);

it('R-GROUP-3, R-ORDER-1 to 4: plans a device without an IOMMU from the switch to the interrupts', () => {
  expect(midwayPlan().up.map(describeStep)).toMatchInlineSnapshot(`
    [
      "write Y to /sys/module/vfio/parameters/enable_unsafe_noiommu_mode",
      "write vfio-platform to /sys/bus/platform/devices/fff51000.ethernet/driver_override",
      "write fff51000.ethernet to /sys/bus/platform/drivers/calxedaxgmac/unbind",
      "write fff51000.ethernet to /sys/bus/platform/drivers/vfio-platform/bind",
      "wait for the /dev/vfio/noiommu-N of fff51000.ethernet",
      "open /dev/vfio/vfio as container#edge",
      "VFIO_GET_API_VERSION container#edge is 0",
      "VFIO_CHECK_EXTENSION container#edge has noiommu",
      "open the /dev/vfio/noiommu-N of fff51000.ethernet as group:noiommu:fff51000.ethernet",
      "VFIO_GROUP_GET_STATUS group:noiommu:fff51000.ethernet is viable",
      "VFIO_GROUP_SET_CONTAINER group:noiommu:fff51000.ethernet to container#edge",
      "VFIO_SET_IOMMU container#edge to noiommu",
      "VFIO_GROUP_GET_DEVICE_FD group:noiommu:fff51000.ethernet fff51000.ethernet as device:fff51000.ethernet",
      "VFIO_DEVICE_GET_INFO device:fff51000.ethernet is platform, 1 region, 3 interrupts, can be reset",
      "VFIO_DEVICE_GET_REGION_INFO device:fff51000.ethernet region 0 is 4 KiB, read, write, mmap",
      "VFIO_DEVICE_GET_IRQ_INFO device:fff51000.ethernet interrupt 0 is level",
      "VFIO_DEVICE_GET_IRQ_INFO device:fff51000.ethernet interrupt 1 is level",
      "VFIO_DEVICE_GET_IRQ_INFO device:fff51000.ethernet interrupt 2 is level",
      "VFIO_DEVICE_RESET device:fff51000.ethernet",
      "eventfd as eventfd#fff51000.ethernet/0",
      "VFIO_DEVICE_SET_IRQS device:fff51000.ethernet interrupt 0: eventfd#fff51000.ethernet/0 is signalled",
      "eventfd as eventfd#fff51000.ethernet/0/unmask",
      "VFIO_DEVICE_SET_IRQS device:fff51000.ethernet interrupt 0: eventfd#fff51000.ethernet/0/unmask unmasks",
    ]
  `);
});

it('R-ORDER-4, R-BACK-1: goes back the same way, and turns no-IOMMU mode off when nothing is bound any more', () => {
  expect(midwayPlan().down.map(describeStep)).toMatchInlineSnapshot(`
    [
      "VFIO_DEVICE_SET_IRQS device:fff51000.ethernet interrupt 0: no eventfd unmasks",
      "close eventfd#fff51000.ethernet/0/unmask",
      "VFIO_DEVICE_SET_IRQS device:fff51000.ethernet interrupt 0: off",
      "close eventfd#fff51000.ethernet/0",
      "VFIO_DEVICE_RESET device:fff51000.ethernet",
      "close device:fff51000.ethernet",
      "VFIO_GROUP_UNSET_CONTAINER group:noiommu:fff51000.ethernet",
      "close group:noiommu:fff51000.ethernet",
      "close container#edge",
      "write fff51000.ethernet to /sys/bus/platform/drivers/vfio-platform/unbind",
      "clear /sys/bus/platform/devices/fff51000.ethernet/driver_override",
      "write fff51000.ethernet to /sys/bus/platform/drivers/calxedaxgmac/bind",
      "write N to /sys/module/vfio/parameters/enable_unsafe_noiommu_mode",
    ]
  `);
});

it('R-GROUP-3: says UNSAFE wherever the plan does without an IOMMU', () => {
  const loud = midwayPlan().up.filter(({ cause }) => cause.startsWith('UNSAFE'));
  expect(loud.map(({ kind }) => kind)).toEqual(['set-module-parameter', 'set-iommu']);
  expect(smmuPlan().up.filter(({ cause }) => cause.includes('noiommu'))).toEqual([]);
});

it('R-GROUP-3: leaves no-IOMMU mode alone where it is on, and asks nothing about mappings', () => {
  const on = midwayHost().module('vfio', 'loaded', { enable_unsafe_noiommu_mode: 'Y' }).build();
  const plan = midwayPlan(on);
  const kinds = [...plan.up, ...plan.down].map(({ kind }) => kind);
  expect(kinds).not.toContain('set-module-parameter');
  expect(kinds).not.toContain('check-iommu-info');
  expect(kinds).not.toContain('open-group');
});

it('R-GROUP-3: opens a group for each device without an IOMMU, all in one container', () => {
  const inventory = midwayHost().platform('fff50000.ethernet', { driver: 'calxedaxgmac' }).build();
  const plan = platformPlan(inventory, (index) =>
    platformVm('noiommu', [
      resolvedPlatform(index, XGMAC),
      resolvedPlatform(index, 'fff50000.ethernet', { reset: 'none' }),
    ]),
  );
  expect(ofKind(plan.up, 'open-noiommu-group').map(({ handle }) => handle)).toEqual([
    `group:noiommu:${XGMAC}`,
    'group:noiommu:fff50000.ethernet',
  ]);
  expect(ofKind(plan.up, 'set-container').map(({ container }) => container)).toEqual([
    'container#edge',
    'container#edge',
  ]);
  expect(ofKind(plan.up, 'set-iommu')).toHaveLength(1);
  expect(verifyPlan(plan)).toEqual([]);
});

it('loads vfio for no-IOMMU mode, and not what translates', () => {
  const inventory = midwayHost()
    .module('vfio', 'available')
    .module('vfio_platform', 'available')
    .module('vfio_iommu_type1', 'available')
    .build();
  const plan = midwayPlan(inventory);
  expect(ids(plan.up).slice(0, 3)).toEqual([
    'load-module:vfio',
    'load-module:vfio-platform',
    'set-module-parameter:vfio.enable_unsafe_noiommu_mode',
  ]);
});

it('R-GROUP-3: with handoff: bind only waits for the node, and gives it to nobody', () => {
  const bind = (permissions: number | null, user: string | number | null) => (inventory: HostInventory) =>
    lowerVm(inventory, (index) =>
      platformVm('noiommu', [resolvedPlatform(index, XGMAC)], {
        handoff: { mode: 'bind', at, user, group: null, permissions },
      }),
    );
  const inventory = midwayHost().build();
  const kinds = bind(null, 'root')(inventory).value?.up.map(({ kind }) => kind);
  expect(kinds?.slice(-2)).toEqual(['bind-driver', 'wait-noiommu-node']);
  for (const refused of [bind(0o660, null), bind(null, 'packets'), bind(null, 4711)]) {
    const { value, diagnostics } = refused(inventory);
    expect(value).toBeUndefined();
    expect(diagnostics.map((found) => [found.code, found.at?.file])).toEqual([['noiommu-node-for-root', 'here']]);
  }
});

it('R-BIND-1, R-BIND-2: binds on the bus of the device, platform or AMBA', () => {
  const written = smmuPlan()
    .up.filter(({ kind }) => kind === 'bind-driver' || kind === 'unbind-driver')
    .map(describeStep);
  expect(written).toEqual([
    `write ${MDIO} to /sys/bus/platform/drivers/maker-mdio/unbind`,
    `write ${MDIO} to /sys/bus/platform/drivers/vfio-platform/bind`,
    `write ${XGBE} to /sys/bus/platform/drivers/amd-xgbe/unbind`,
    `write ${XGBE} to /sys/bus/platform/drivers/vfio-platform/bind`,
    `write ${PL330} to /sys/bus/amba/drivers/dma-pl330/unbind`,
    `write ${PL330} to /sys/bus/amba/drivers/vfio-amba/bind`,
  ]);
});

it('R-TREE-1: takes children before the device that they belong to, and gives them back after it', () => {
  const bound = (steps: readonly Step[]) => ofKind(steps, 'bind-driver').map(({ device }) => device.address);
  const { up, down } = smmuPlan();
  expect(bound(up)).toEqual([MDIO, XGBE, PL330]);
  expect(bound(down)).toEqual([PL330, XGBE, MDIO]);
});

it('R-RESET-3: resets where it is required, where it is preferred and can be, and not where nothing is asked', () => {
  const resets = (inventory: HostInventory, address: string, reset: 'required' | 'preferred' | 'none') => {
    const { up, down } = planOf(inventory, address, { reset });
    return [ofKind(up, 'reset-device'), ofKind(down, 'reset-device')].map((list) =>
      list.map(({ bestEffort }) => bestEffort),
    );
  };
  const inventory = smmuHost().build();
  expect(resets(inventory, XGBE, 'required')).toEqual([[false], [false]]);
  expect(resets(inventory, XGBE, 'preferred')).toEqual([[true], [true]]);
  expect(resets(inventory, XGBE, 'none')).toEqual([[], []]);
  expect(resets(inventory, PL330, 'preferred')).toEqual([[], []]);
});

it('R-RESET-1: says on the way back that nothing silences a device without a reset, and only then', () => {
  const closes = ofKind(smmuPlan().down, 'close').filter(({ handle }) => handle.startsWith('device:'));
  expect(closes.map(({ handle, cause }) => [handle, cause.startsWith('UNSAFE')])).toEqual([
    [`device:${PL330}`, true],
    [`device:${MDIO}`, true],
    [`device:${XGBE}`, false],
  ]);
  const none = ofKind(planOf(smmuHost().build(), XGBE, { reset: 'none' }).down, 'close');
  expect(none.find(({ handle }) => handle === `device:${XGBE}`)?.cause).toBe(
    'the kernel runs vfio_platform_amdxgbe again',
  );
});

it('R-ORDER-2: has every platform device open and reset before the first mapping', () => {
  const kinds = smmuPlan().up.map(({ kind }) => kind);
  expect(kinds.lastIndexOf('open-device')).toBeLessThan(kinds.indexOf('map-dma'));
  expect(kinds.lastIndexOf('reset-device')).toBeLessThan(kinds.indexOf('map-dma'));
});

it('R-ORDER-3, R-ORDER-4: connects an interrupt behind the mappings, then its unmasking; takes both away the other way round', () => {
  const interrupts = (steps: readonly Step[]) =>
    ids(steps).filter((id) => /irq|map-dma|eventfd#|create-eventfd|reset-device/.test(id) && !id.startsWith('check'));
  const { up, down } = smmuPlan();
  expect(interrupts(up)).toEqual([
    `reset-device:${XGBE}/kernel`,
    'map-dma:edge/0',
    `create-eventfd:${XGBE}/0`,
    `set-irqs:${XGBE}/0`,
    `create-eventfd:${XGBE}/0/unmask`,
    `set-irq-unmask:${XGBE}/0`,
    `create-eventfd:${XGBE}/1`,
    `set-irqs:${XGBE}/1`,
  ]);
  expect(interrupts(down)).toEqual([
    `back:clear-irqs:${XGBE}/1`,
    `back:close:eventfd#${XGBE}/1`,
    `back:clear-irq-unmask:${XGBE}/0`,
    `back:close:eventfd#${XGBE}/0/unmask`,
    `back:clear-irqs:${XGBE}/0`,
    `back:close:eventfd#${XGBE}/0`,
    `back:reset-device:${XGBE}/kernel`,
    'back:unmap-dma:edge/0',
  ]);
});

it('R-GROUP-5: accepts unsafe interrupts only for a VM with a device that nothing isolates', () => {
  const parameters = ofKind(smmuPlan().up, 'set-module-parameter');
  expect(parameters).toMatchObject([{ parameter: 'allow_unsafe_interrupts', value: 'Y' }]);
  expect(parameters[0]?.cause).toContain(XGBE);
  const tree = {
    its: { compatible: 'arm,gic-v3-its', 'msi-controller': true as const, '#msi-cells': 1, phandle: 9 },
    'dma@0': { compatible: 'x,dma', 'msi-parent': [9, 0] },
  };
  const isolated = host().smmuV3().tree(tree).platform('0.dma', { treePath: '/dma@0', group: 5 }).build();
  const plan = platformPlan(isolated, (index) =>
    platformVm('type1v2', [resolvedPlatform(index, '0.dma', { reset: 'none' })], {
      iommu: resolvedIommu('type1v2', { unsafeInterrupts: true, at }),
    }),
  );
  expect(ofKind(plan.up, 'set-module-parameter')).toEqual([]);
});

it('makes plans that keep every law of verification, and the same one twice', () => {
  for (const make of [midwayPlan, smmuPlan]) {
    expect(verifyPlan(make())).toEqual([]);
    expect(make()).toEqual(make());
  }
});

it('R-ORDER-5: gives the memory of a VM with platform devices to one container', () => {
  expect(ofKind(smmuPlan().up, 'map-dma')).toMatchObject([{ container: 'container#edge', size: bytes(4 << 20) }]);
});

it('R-GROUP-3: plans a PCI function without an IOMMU too, beside a VM that has one', () => {
  const inventory = host()
    .intelIommu()
    .module('vfio', 'loaded', { enable_unsafe_noiommu_mode: 'N' })
    .nic('0000:31:00.0', { group: 26 })
    .nic('0000:32:00.0', { group: null })
    .build();
  const vms = {
    safe: { memory: [{ iova: '0', size: '4MiB' }], devices: { a: '0000:31:00.0' } },
    bare: { iommu: 'noiommu' as const, devices: { b: '0000:32:00.0' } },
  };
  const plan = planFor(vms, inventory);
  expect(verifyPlan(plan)).toEqual([]);
  expect(ofKind(plan.up, 'set-iommu').map(({ type }) => type)).toEqual(['type1v2', 'noiommu']);
  expect(ofKind(plan.up, 'open-device').map(({ groupHandle }) => groupHandle)).toEqual([
    'group:26',
    'group:noiommu:0000:32:00.0',
  ]);
  expect(ofKind(plan.up, 'map-dma').map(({ container }) => container)).toEqual(['container#safe']);
  expect(plan.assignments.map(({ group }) => group)).toEqual([26, null]);
  expect(ofKind(plan.down, 'write-region')).toHaveLength(2);
});
