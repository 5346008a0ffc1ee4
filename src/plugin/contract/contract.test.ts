import { expect, test } from 'vitest';
import { defineDiagnostic, type Plugin, PluginFault, RegisterBank, type ResetPlugin } from '../../model/index.ts';
import { defineIommuPlugin, defineResetPlugin, defineRegisters } from '../index.ts';
import { checkPlugin, type ContractSubject } from './index.ts';

const reg = defineRegisters({ IRQ: { offset: 0x10 }, CONTROL: { offset: 0, bits: { RUN: 1 } } });
const OFF = [
  reg.IRQ.write(0, 'no interrupts'),
  reg.IRQ.expect(0, 'none'),
  reg.CONTROL.clear(['RUN'], 'no DMA'),
  reg.CONTROL.expectClear(['RUN'], 'none'),
];

const resetPlugin = (changes: Partial<ResetPlugin> = {}): ResetPlugin =>
  defineResetPlugin({
    name: 'widget',
    version: '0.1.0',
    summary: 'a widget',
    matches: [{ compatible: 'acme,widget' }],
    quiesce: () => OFF,
    ...changes,
  });

const subject = (plugin: Plugin, changes: Partial<ContractSubject> = {}): ContractSubject => ({
  plugin,
  files: {
    packageJson: {
      name: `vfio-compose-plugin-${plugin.kind}-widget`,
      version: '0.1.0',
      type: 'module',
      description: 'x',
      license: 'MIT',
      peerDependencies: { 'vfio-compose': '0.1.x' },
    },
    readme: 'word '.repeat(40),
  },
  plugins: {
    call(one, hook, run) {
      try {
        return run();
      } catch (error) {
        throw new PluginFault(one.name, hook, (error as Error).message);
      }
    },
    checkOptions: (_, options) => ({ options: options as Record<string, unknown> }),
  },
  hosts: [],
  faultOfProgram: () => undefined,
  ...changes,
});

/** The failures of those checks whose names match. */
const failures = (name: RegExp, plugin: Plugin, changes: Partial<ContractSubject> = {}): readonly string[] => {
  const found = checkPlugin(subject(plugin, changes)).filter((check) => name.test(check.name));
  expect(found).toHaveLength(1);
  return found.flatMap((check) => check.failures);
};

const PASSING = resetPlugin();

test('a plugin that keeps the contract passes every check', () => {
  const checks = checkPlugin(subject(PASSING));
  expect(checks.length).toBeGreaterThan(10);
  expect(checks.flatMap((check) => check.failures)).toEqual([]);
});

const state = { calls: 0 };
const IMPURE: readonly (readonly [string, () => unknown])[] = [
  ['the clock', () => Date.now()],
  ['chance', () => Math.random()],
  ['the process', () => process.env['HOME']],
];

test.each(IMPURE)('pure: a hook that looks at %s is found', (_, look) => {
  const plugin = resetPlugin({ quiesce: () => (look() === undefined ? [] : OFF) });
  expect(failures(/pure/, plugin).join()).toMatch(/it uses (Date|Math\.random|process)/);
  expect(Date.now(), 'and the clock is there again').toBeGreaterThan(0);
});

test('pure: a hook that gives something else the second time, or leaves something in globalThis, is found', () => {
  const counting = resetPlugin({ quiesce: () => [reg.IRQ.write(state.calls++, 'x'), ...OFF] });
  expect(failures(/pure/, counting).join()).toContain('second call');
  const leaving = resetPlugin({
    quiesce: () => {
      Object.defineProperty(globalThis, 'leftByAPlugin', { value: 1, configurable: true });
      return OFF;
    },
  });
  const found = failures(/pure/, leaving).join();
  Reflect.deleteProperty(globalThis, 'leftByAPlugin');
  expect(found).toContain('globalThis');
});

test('a hook that throws, or changes what it is given, is found, and nothing else is said of hooks', () => {
  const changing = resetPlugin({
    quiesce: (target) => {
      Object.assign(target, { compatible: [] });
      return OFF;
    },
  });
  expect(failures(/no hook throws/, changing).join()).toContain('failed in quiesce');
  expect(checkPlugin(subject(changing)).some(({ name }) => name.includes('pure'))).toBe(false);
});

test('what the compiler would refuse is found', () => {
  expect(failures(/each access/, PASSING, { faultOfProgram: () => 'reaches too far' })).toContain(
    'acme,widget, before-use: reaches too far',
  );
});

test('R-RESET-4: quiescing that does not reach a quiet device, or proves nothing, is found', () => {
  const forgetful = resetPlugin({ quiesce: () => [reg.CONTROL.expectClear(['RUN'], 'none')] });
  expect(failures(/leaves it quiet, by its own/, forgetful).join()).toContain('CONTROL: RUN clear');
  const trusting = resetPlugin({ quiesce: () => [reg.IRQ.write(0, 'no interrupts')] });
  expect(failures(/leaves it quiet, by its own/, trusting).join()).toContain('reads nothing back');
});

test('R-RESET-4: quiescing that would not notice a device that ignores it is found', () => {
  const easy = resetPlugin({
    quiesce: () => [reg.CONTROL.clear(['RUN'], 'x'), reg.CONTROL.expectSet(['RUN'], 'x', 'warn')],
  });
  expect(failures(/does not obey/, easy)).not.toEqual([]);
  expect(failures(/does not obey/, PASSING)).toEqual([]);
});

test('quiescing that changes a quiet device is found', () => {
  const toggling = resetPlugin({
    quiesce: () => OFF,
    model: () => {
      const bank = new RegisterBank();
      // A register that turns over with each write, as one that must not be written twice would.
      return {
        read: (region, offset, width) => bank.read(region, offset, width),
        write: (region, offset, width, value) =>
          bank.write(region, offset, width, offset === 0x10n ? bank.read(region, offset, width) ^ 1n : value),
        reset: () => bank.reset(),
      };
    },
  });
  expect(failures(/changes nothing/, toggling)).not.toEqual([]);
});

test('a reset after which the device runs again is found', () => {
  const waking = resetPlugin({ reset: () => [reg.CONTROL.expectSet(['RUN'], 'it runs')] });
  expect(failures(/resetting a quiet device/, waking)).not.toEqual([]);
});

/** A device whose IRQ reads 7 after a reset; a write to offset 0x20 resets it. */
const resettable = () => {
  const bank = new RegisterBank({ 0: { 0x10: 7 } });
  return {
    read: (region: number, offset: bigint, width: 1 | 2 | 4 | 8) => bank.read(region, offset, width),
    write: (region: number, offset: bigint, width: 1 | 2 | 4 | 8, value: bigint) =>
      offset === 0x20n ? bank.reset() : bank.write(region, offset, width, value),
    reset: () => bank.reset(),
  };
};
const more = defineRegisters({ RESET: { offset: 0x20 }, COUNT: { offset: 0x30 } });

test('a reset that leaves neither the reset values nor what it reads back is found', () => {
  const reset = (...steps: ReturnType<ResetPlugin['quiesce']>) =>
    resetPlugin({ model: resettable, reset: () => steps });
  expect(failures(/reset values/, reset(more.COUNT.write(0, 'not a reset')))).not.toEqual([]);
  expect(failures(/reset values/, reset(more.RESET.write(1, 'everything')))).toEqual([]);
  const said = [more.RESET.write(1, 'everything'), reg.IRQ.write(0, 'off'), reg.IRQ.expect(0, 'still off')];
  expect(failures(/reset values/, reset(...said))).toEqual([]);
});

test('a reset that does something else the second time, or takes longer than it says, is found', () => {
  const toggling = () => {
    const bank = new RegisterBank();
    return {
      ...resettable(),
      read: (region: number, offset: bigint, width: 1 | 2 | 4 | 8) => bank.read(region, offset, width),
      write: (region: number, offset: bigint, width: 1 | 2 | 4 | 8, value: bigint) =>
        bank.write(region, offset, width, offset === 0x30n ? bank.read(region, offset, width) ^ 1n : value),
    };
  };
  const reset = () => [more.COUNT.write(1, 'turns over')];
  expect(failures(/twice/, resetPlugin({ model: toggling, reset })).join()).toContain('something else');
  const late = () => [more.COUNT.write(1, 'stays set'), more.COUNT.expect(0, 'was cleared', 'warn')];
  expect(failures(/twice/, resetPlugin({ reset: late })).join()).toContain('COUNT');
  expect(failures(/twice/, resetPlugin({ reset }))).toEqual([]);
});

test('a PCI function that is left to the kernel has no registers to prove', () => {
  const plugin = resetPlugin({
    matches: [{ pci: { vendor: '8086', device: '10fb' } }],
    quiesce: () => [{ kind: 'kernel-reset', why: 'the function has one' }],
  });
  expect(checkPlugin(subject(plugin)).flatMap((check) => check.failures)).toEqual([]);
});

test('what is missing of the documentation is found', () => {
  const files = { packageJson: { name: 'widget', version: '9.9.9' }, readme: null };
  expect(failures(/package\.json/, PASSING, { files })).toHaveLength(6);
  expect(failures(/README/, PASSING, { files })).toEqual(['there is none']);
  const options = { type: 'object', properties: { mode: { type: 'string' } } } as const;
  expect(failures(/each option/, resetPlugin({ options }))).toEqual(['"mode" has none']);
  expect(failures(/summary/, resetPlugin({ summary: 'a\nb' }))).toHaveLength(1);
  const plugins = { ...subject(PASSING).plugins, checkOptions: () => ({ problems: [{ path: [], message: 'no' }] }) };
  expect(failures(/defaults and examples/, PASSING, { plugins })).toEqual(['no']);
});

const iommu = (changes: object = {}) =>
  defineIommuPlugin({
    name: 'widget',
    version: '0.1.0',
    summary: 'x',
    models: [{ name: 'w', extension: 99 }],
    isolates: true,
    claims: () => 'generic',
    ...changes,
  });

test('an IOMMU plugin that keeps the contract passes every check', () => {
  expect(checkPlugin(subject(iommu())).flatMap((check) => check.failures)).toEqual([]);
});

test('an IOMMU plugin that claims oddly, maps a part twice or not, or does not say why, is found', () => {
  expect(failures(/claims/, iommu({ claims: () => 'maybe' }))).toHaveLength(1);
  const half = iommu({ mappings: () => [{ memory: 0, offset: 0n, iova: 0n, size: 4096n }] });
  expect(failures(/memory is mapped twice/, half).length).toBeGreaterThan(0);
  const silent = iommu({ configure: () => [{ kind: 'ioctl', subject: 'x', cause: '' }] });
  expect(failures(/about and why/, silent)).toEqual(['x does not']);
  const parameters = () => [{ module: 'm', parameter: 'p', value: 'Y', cause: '' }];
  expect(failures(/about and why/, iommu({ parameters }))).toHaveLength(1);
});

test('an IOMMU plugin whose laws refuse every host was asked nothing, and that is found', () => {
  const refused = defineDiagnostic({
    code: 'widget-refused',
    severity: 'error',
    category: 'host',
    summary: 'No',
    explanation: '',
  });
  const laws = [{ id: 'never', reports: [refused], check: () => [refused({ detail: 'no' })] }];
  expect(failures(/asked about a host/, iommu({ laws }))).toEqual([expect.stringContaining('widget-refused')]);
  expect(failures(/asked about a host/, iommu())).toEqual([]);
});
