import { hex, type StepKind, type StepOf } from '../../model/index.ts';
import { cString } from './escape.ts';
import { type ArgumentsOf, device, members } from './write.ts';

const binding = (step: StepOf<'bind-driver' | 'unbind-driver'>): string =>
  members('binding', { device: device(step), driver: cString(step.driver) });

/** Steps that outlive the process, and those that wait for the host. */
export const HOST_ARGUMENTS = {
  'load-module': (step) => members('module', { name: cString(step.module) }),
  'set-module-parameter': ({ module, parameter, value }) =>
    members('module', { name: cString(module), parameter: cString(parameter), value: cString(value) }),
  'set-huge-pages': ({ pageSize, before, pages }) => members('pool', { page_size: hex(pageSize), before, pages }),
  'set-vf-autoprobe': (step) => members('vfs', { device: device(step), value: step.on ? 1 : 0 }),
  'set-vf-count': (step) => members('vfs', { device: device(step), value: step.count }),
  'set-driver-override': (step) =>
    members('override', { device: device(step), driver: step.driver === null ? 'NULL' : cString(step.driver) }),
  'unbind-driver': binding,
  'bind-driver': binding,
  'wait-node': (step) => members('node', { path: cString(step.path) }),
  'wait-noiommu-node': (step) => `device = ${device(step)}`,
  'chown-node': ({ path, uid, gid }) => members('node', { path: cString(path), uid, gid }),
  'chmod-node': ({ path, mode }) => members('node', { path: cString(path), mode: `0${mode.toString(8)}` }),
} satisfies { readonly [K in StepKind]?: ArgumentsOf<K> };
