/** What tests of every part share. Never imported by what ships. */
export { deviceTree, nodeAt, type NodeLiteral, type PropertyLiteral } from './device-tree.ts';
export { HostBuilder, host } from './host.ts';
export { bar, bdf, region } from './values.ts';
export type { BridgeOptions, DeviceOptions, IommuOptions, PlatformOptions } from './host.ts';
export { disk, netdev } from './functions.ts';
export { manifestFrom, spanAt } from './manifest.ts';
export { p4080Tree } from './p4080-tree.ts';
export { planFor, planOf, testNames } from './plan.ts';
export { recordingTerminal, type RecordingTerminal } from './terminal.ts';
