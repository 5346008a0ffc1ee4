/**
 * What every plugin has to keep, as checks with a name each: `vfio-compose plugin test DIR` runs them, and so do the tests of
 * the plugins of this repository. Nothing here touches a machine.
 */
export type { ContractCheck, ContractSubject, PackageFiles } from './subject.ts';
export { checkPlugin } from './check-plugin.ts';
