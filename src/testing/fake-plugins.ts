import type { Diagnostic, IommuPlugin, PluginSet, ResetAction, ResetPlugin } from '../model/index.ts';
import { defineIommuPlugin, defineRegisters, defineResetPlugin } from '../plugin/index.ts';
import { HookCaller } from '../runtime/plugins/call.ts';
import { checkOptions, loadSchemaCompiler } from '../runtime/plugins/options.ts';

const compileSchema = await loadSchemaCompiler();

/** A set of plugins as loading them makes it: hooks are called and options are checked as they always are. */
export function pluginSet(plugins: {
  readonly reset?: readonly ResetPlugin[];
  readonly iommu?: readonly IommuPlugin[];
  readonly unusable?: Readonly<Record<string, Diagnostic>>;
}): PluginSet {
  const caller = new HookCaller();
  return {
    reset: plugins.reset ?? [],
    iommu: plugins.iommu ?? [],
    unusable: new Map(Object.entries(plugins.unusable ?? {})),
    call: (plugin, hook, run) => caller.call(plugin, hook, run),
    checkOptions: (plugin, options) => checkOptions(plugin, options, compileSchema),
  };
}

/** The registers of a device that nobody built: its interrupts, and its DMA. */
export const widget = defineRegisters({
  IRQ_ENABLE: { offset: 0x10 },
  DMA_CONTROL: { offset: 0x20, bits: { RUN: 1 } },
});

/** Silences the device of {@link widget}. */
export const WIDGET_OFF: readonly ResetAction[] = [
  widget.IRQ_ENABLE.write(0, 'no interrupt is raised any more', 'mask every interrupt'),
  widget.DMA_CONTROL.clear(['RUN'], 'no more DMA'),
  widget.DMA_CONTROL.expectClear(['RUN'], 'the DMA is off'),
];

/** A reset plugin that is for nothing by itself and does {@link WIDGET_OFF}; a test says what else. */
export const fakeReset = (name: string, members: Partial<Omit<ResetPlugin, 'kind' | 'api'>> = {}): ResetPlugin =>
  defineResetPlugin({
    name,
    version: '1.2.3',
    summary: 'a device of the tests',
    matches: [],
    quiesce: () => WIDGET_OFF,
    ...members,
  });

/** An IOMMU plugin that claims every host, with one model of its own name; a test says what else. */
export const fakeIommu = (name: string, members: Partial<Omit<IommuPlugin, 'kind' | 'api'>> = {}): IommuPlugin =>
  defineIommuPlugin({
    name,
    version: '1.2.3',
    summary: 'an IOMMU of the tests',
    models: [{ name, extension: 100 }],
    isolates: true,
    claims: () => 'generic',
    ...members,
  });

/** A hook of somebody else's, in JavaScript: it answers what it likes. */
export const answers =
  (answer: unknown): (() => never) =>
  () =>
    answer as never;
