import { bytes, invariant, iova } from '../../model/index.ts';
import type {
  Bytes,
  HostIndex,
  Manifest,
  MemoryManifest,
  Path,
  ResolvedMemory,
  ResolvedVm,
  VmManifest,
} from '../../model/index.ts';
import { parseSize } from '../manifest/size.ts';

/** The commonest huge page of the commonest machines, where the host has no pool that says otherwise. */
const USUAL_HUGE_PAGE = bytes(2n << 20n);

export function resolveHandoff(vm: VmManifest, path: Path, manifest: Manifest): ResolvedVm['handoff'] {
  const at = manifest.at([...path, 'handoff']);
  const written = typeof vm.handoff === 'string' ? { mode: vm.handoff } : (vm.handoff ?? { mode: 'hold' });
  if (written.mode === 'hold') return { mode: 'hold', at };
  const { user = null, group = null, permissions } = written;
  // Octal digits by the schema; one that was left out leaves the node's permissions alone.
  return {
    mode: 'bind',
    at,
    user,
    group,
    permissions: permissions === undefined ? null : Number.parseInt(permissions, 8),
  };
}

/** The huge pages of an entry that does not say: 2 MiB where the host has that pool, else the smallest pool it has. */
function usualHugePage(host: HostIndex): Bytes {
  const sizes = host.inventory.hugePages.map((pool) => pool.size);
  if (sizes.length === 0 || sizes.includes(USUAL_HUGE_PAGE)) return USUAL_HUGE_PAGE;
  return sizes.reduce((least, size) => (size < least ? size : least));
}

function sizeAt(value: string | number, path: Path): bigint {
  const size = parseSize(value);
  invariant(size !== undefined, `the manifest stage let a size pass at ${path.join('.')}`);
  return size;
}

function pageSizeOf(memory: MemoryManifest, path: Path, host: HostIndex): Bytes | null {
  if (memory.backing === undefined || memory.backing === 'anonymous') return null;
  if (memory.pageSize !== undefined) return bytes(sizeAt(memory.pageSize, path));
  return memory.backing === 'hugetlb' ? usualHugePage(host) : null;
}

export function resolveMemory(vm: VmManifest, path: Path, manifest: Manifest, host: HostIndex): ResolvedMemory[] {
  return (vm.memory ?? []).map((memory, index) => {
    const here = [...path, 'memory', index];
    return {
      iova: iova(sizeAt(memory.iova, here)),
      size: bytes(sizeAt(memory.size, here)),
      backing: memory.backing ?? 'anonymous',
      pageSize: pageSizeOf(memory, here, host),
      reserve: memory.reserve ?? false,
      access: memory.access ?? 'read-write',
      at: manifest.at(here),
      iovaAt: manifest.at([...here, 'iova']),
      sizeAt: manifest.at([...here, 'size']),
    };
  });
}
