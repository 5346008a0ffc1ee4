import { expect, it } from 'vitest';
import { defineDiagnostic, type DeviceManifest, indexHost, type PluginSet } from '../../model/index.ts';
import { fakeReset, pluginSet } from '../../testing/fake-plugins.ts';
import { host, manifestFrom } from '../../testing/index.ts';
import { soc } from '../../testing/soc.ts';
import { chooseReset } from './choose-reset.ts';

const machine = indexHost(
  host()
    .tree(soc({ 'widget@40000': { compatible: ['acme,widget-2', 'acme,widget'], reg: [0x4_0000, 0x1000] } }))
    .platform('40000.widget', { treePath: '/soc/widget@40000' })
    .build(),
);
const PATH = ['vms', 'a', 'devices', 'x'];
const HERE = PATH.join('/');

/** What is chosen for the widget, and what is said about it, as `code at place`. */
function choose(plugins: PluginSet, reset?: DeviceManifest['reset']) {
  const device = machine.byAddress.get('40000.widget');
  if (!device) throw new Error('the host of the test has no widget');
  const manifest = manifestFrom({ version: 1 } as Parameters<typeof manifestFrom>[0]);
  const settings = reset === undefined ? {} : { reset };
  const { resetBy, diagnostics } = chooseReset(device, settings, { path: PATH, manifest }, machine, plugins);
  return { resetBy, found: diagnostics.map(({ code, at }) => `${code} at ${at?.file}`), diagnostics };
}

const exact = fakeReset('exact', { matches: [{ compatible: 'acme,widget-2' }] });
const family = fakeReset('family', { matches: [{ compatible: 'acme,widget' }] });
const other = fakeReset('gadget', { matches: [{ compatible: 'acme,gadget' }] });

it('R-RESET-2: takes the plugin that matches most closely, whatever order they stand in', () => {
  for (const reset of [
    [exact, family, other],
    [other, family, exact],
  ]) {
    const { resetBy, found } = choose(pluginSet({ reset }));
    expect(found).toEqual([]);
    expect(resetBy).toMatchObject({ because: 'compatible acme,widget-2', options: {}, at: { file: `${HERE}/reset` } });
    expect(resetBy?.plugin).toBe(exact);
  }
});

it('R-RESET-2: takes the plugin that the manifest names, with its kind or without, be it for another device', () => {
  const plugins = pluginSet({ reset: [exact, other] });
  for (const plugin of ['gadget', 'reset-gadget']) {
    const { resetBy, found } = choose(plugins, { plugin });
    expect(found).toEqual([]);
    expect(resetBy?.plugin).toBe(other);
    expect(resetBy?.because).toBe('the manifest names it');
  }
});

it('leaves a device alone that no plugin knows, whatever is said of its reset', () => {
  for (const reset of [undefined, 'required', 'none', {}] as const) {
    expect(choose(pluginSet({ reset: [other] }), reset)).toMatchObject({ resetBy: null, found: [] });
  }
});

it('R-RESET-2: two that match equally are an error that lists both and says how to name one', () => {
  const twin = fakeReset('twin', { matches: [{ compatible: 'acme,widget-2' }] });
  const plugins = pluginSet({ reset: [family, exact, twin] });
  const { resetBy, found, diagnostics } = choose(plugins);
  expect(resetBy).toBeNull();
  expect(found).toEqual([`plugin-ambiguous at ${HERE}/reset`]);
  expect(diagnostics[0]?.detail).toContain('reset-exact and reset-twin match 40000.widget equally well');
  expect(diagnostics[0]?.detail).not.toContain('family');
  expect(choose(plugins, { plugin: 'twin' })).toMatchObject({ found: [], resetBy: { plugin: { name: 'twin' } } });
});

it('R-NAME-3: a name that no plugin has is an error at its place, with the one that was meant', () => {
  const plugins = pluginSet({ reset: [exact, family] });
  const { resetBy, found, diagnostics } = choose(plugins, { plugin: 'famly' });
  expect(resetBy).toBeNull();
  expect(found).toEqual([`plugin-not-found at ${HERE}/reset/plugin`]);
  expect(diagnostics[0]?.detail).toContain('family');
  expect(choose(plugins, { plugin: 'zzzzzzzzzz' }).diagnostics[0]?.detail).toContain('plugin list');
});

it('says what is wrong with a plugin that is there and cannot be used, as an error where it is named', () => {
  const broken = defineDiagnostic({
    code: 'tested-broken',
    severity: 'warning',
    category: 'plugin',
    summary: '',
    explanation: '',
  });
  const plugins = pluginSet({ unusable: { 'reset-mine': broken({ detail: 'It is broken.' }) } });
  for (const plugin of ['mine', 'reset-mine']) {
    const { diagnostics, found } = choose(plugins, { plugin });
    expect(found).toEqual([`tested-broken at ${HERE}/reset/plugin`]);
    expect(diagnostics[0]?.severity).toBe('error');
  }
});

it('fills in the defaults of options, and points at each that does not fit', () => {
  const optioned = fakeReset('optioned', {
    matches: [{ compatible: 'acme,widget' }],
    options: {
      type: 'object',
      properties: { deep: { type: 'boolean', default: true }, rings: { type: 'array', items: { type: 'integer' } } },
    },
  });
  const plugins = pluginSet({ reset: [optioned] });
  expect(choose(plugins).resetBy?.options).toEqual({ deep: true });
  expect(choose(plugins, { options: { deep: false } }).resetBy?.options).toEqual({ deep: false });
  const wrong = choose(plugins, { options: { deep: 'yes', rings: [1, 'two'], depth: 1 } });
  expect(new Set(wrong.found)).toEqual(
    new Set([
      `plugin-options at ${HERE}/reset/options/deep`,
      `plugin-options at ${HERE}/reset/options/rings/1`,
      `plugin-options at ${HERE}/reset/options/depth`,
    ]),
  );
  expect(wrong.diagnostics[0]?.detail).toMatch(/^reset-optioned: /);
});
