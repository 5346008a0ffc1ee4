/**
 * The library: compile a manifest for a host with its plugins, and look at what comes of it. Nothing here acts on a machine; that is what
 * the command is for.
 */
export { compile, type CompilerInput, type CompilerOutput } from './compiler/compile.ts';
export { readManifest } from './compiler/manifest/index.ts';
export { decodePlan } from './compiler/plan-file/decode.ts';
export { encodePlan } from './compiler/plan-file/encode.ts';
export { verifyPlan } from './compiler/verify/verify.ts';
export * from './model/index.ts';
export { builtinPlugins, loadPlugins, type LoadedPlugins, type PluginRequest } from './runtime/plugins/index.ts';
export { renderPlan } from './render/plan.ts';
export { describeStep } from './render/step.ts';
export { VERSION } from './version.ts';
