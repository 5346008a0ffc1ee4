import { isReservedVariable } from '../../../model/index.ts';
import { entryOf, type MapNode, type Node, spanOf } from '../../source/index.ts';
import { badProcess, onExitNeedsRun } from '../diagnostics.ts';
import { keySpan, type Law, vmsOf } from './law.ts';

/** What is to happen after a process needs one. */
export const onExitOnlyWithRun: Law = ({ root }) =>
  vmsOf(root).flatMap(({ map }) => {
    const entry = entryOf(map, 'onExit');
    if (!entry || entryOf(map, 'run')) return [];
    const detail = '"onExit" says what happens when the process of "run" has ended, and there is no "run".';
    return [onExitNeedsRun({ detail, at: keySpan(entry) })];
  });

/** A process is started by an absolute path, in an absolute directory, with variables that are its own. */
export const processesStartable: Law = ({ root, shape }) =>
  vmsOf(root).flatMap(({ map, path }) => {
    const run = entryOf(map, 'run')?.value;
    if (run?.kind !== 'map' || shape.isFaulty([...path, 'run'])) return [];
    return [...commandFaults(run), ...directoryFaults(run), ...environmentFaults(run)];
  });

function commandFaults(run: MapNode) {
  const command = entryOf(run, 'command')?.value;
  if (command?.kind !== 'seq') return [];
  const [program] = command.items;
  const relative = program?.kind === 'scalar' && !/^\/./.test(program.raw) ? [program] : [];
  return [
    ...relative.map((node) => {
      const detail = `"${node.raw}" is not an absolute path. A plan says which file runs, so nothing is looked up in PATH; "command -v" tells where a program is.`;
      return badProcess({ detail, at: spanOf(node.at) });
    }),
    ...command.items.flatMap((node) => nulFaults(node)),
  ];
}

function directoryFaults(run: MapNode) {
  const node = entryOf(run, 'workingDirectory')?.value;
  if (node?.kind !== 'scalar') return [];
  if (node.raw.startsWith('/')) return nulFaults(node);
  const detail = `"${node.raw}" is not an absolute path; the process is not started where vfio-compose was.`;
  return [badProcess({ detail, at: spanOf(node.at) })];
}

function environmentFaults(run: MapNode) {
  const environment = entryOf(run, 'environment')?.value;
  if (environment?.kind !== 'map') return [];
  return environment.entries.flatMap((entry) => {
    if (!isReservedVariable(entry.key)) return nulFaults(entry.value);
    const detail = `"${entry.key}" is set by vfio-compose: LISTEN_* names the descriptors, VFIO_COMPOSE_* the project and the VM.`;
    return [badProcess({ detail, at: keySpan(entry) })];
  });
}

/** execve(2) takes C strings. */
function nulFaults(node: Node) {
  if (node.kind !== 'scalar' || typeof node.value !== 'string' || !node.value.includes('\0')) return [];
  return [
    badProcess({
      detail: 'A NUL ends a text for the kernel, so what stands behind it would be lost.',
      at: spanOf(node.at),
    }),
  ];
}
