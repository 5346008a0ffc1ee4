import { entryOf, spanOf } from '../../source/index.ts';
import {
  invalidSize,
  irqsNeedHold,
  missingKey,
  ownerNeedsBind,
  pageSizeNeedsHugePages,
  vmsAndDevices,
} from '../diagnostics.ts';
import { VM_KEYS } from '../normalise.ts';
import { adviseOnSize, parseSize } from '../size.ts';
import { devicesOf, handoffMode, keySpan, type Law, textOf, vmsOf } from './law.ts';

/** A manifest has `vms`, or one VM at the top level, not both. */
export const vmsOrDevices: Law = ({ root }) => {
  const vms = entryOf(root, 'vms');
  if (!vms) return [];
  const related = [{ message: 'the VMs stand here', at: keySpan(vms) }];
  return root.entries
    .filter(({ key }) => VM_KEYS.includes(key))
    .map((entry) => {
      const detail = `"${entry.key}" at the top level describes a VM, and so does "vms". Move it under the VM that it belongs to.`;
      return vmsAndDevices({ detail, at: keySpan(entry), related });
    });
};

/** A manifest assigns something. */
export const somethingAssigned: Law = ({ root }) => {
  if (entryOf(root, 'vms') ?? entryOf(root, 'devices') ?? entryOf(root, 'virtualFunctions')) return [];
  const detail =
    'The manifest assigns nothing. Give it "devices" for one VM, or "vms" for several. For example: devices: {nic0: "0000:01:00.0"}.';
  return [missingKey({ detail, at: spanOf({ ...root.at, end: root.at.start }) })];
};

const OWNER_KEYS = ['user', 'group', 'permissions'];

/** Only nodes that somebody else opens need an owner. */
export const ownersOnlyWithBind: Law = ({ root, shape }) =>
  vmsOf(root).flatMap(({ map, path }) => {
    const handoff = entryOf(map, 'handoff')?.value;
    if (handoff?.kind !== 'map' || handoffMode(map) !== 'hold' || shape.isFaulty([...path, 'handoff'])) return [];
    return handoff.entries
      .filter(({ key }) => OWNER_KEYS.includes(key))
      .map((entry) => {
        const detail = `"${entry.key}" is for nodes that somebody else opens; with mode "hold", vfio-compose opens them itself. Use mode "bind", or leave "${entry.key}" out.`;
        return ownerNeedsBind({ detail, at: keySpan(entry) });
      });
  });

/** Interrupts are connected by whoever opens the device. */
export const irqsOnlyWithHold: Law = ({ root }) =>
  vmsOf(root)
    .filter(({ map }) => handoffMode(map) === 'bind')
    .flatMap((vm) => {
      const handoff = entryOf(vm.map, 'handoff');
      const related = handoff ? [{ message: 'handed over here', at: keySpan(handoff) }] : [];
      return devicesOf(vm).flatMap(({ map }) => {
        const irqs = entryOf(map, 'irqs');
        if (!irqs || (irqs.value.kind === 'seq' && irqs.value.items.length === 0)) return [];
        const detail =
          'With "handoff: bind" somebody else opens the device and connects its interrupts. Use "hold", or leave "irqs" out.';
        return [irqsNeedHold({ detail, at: keySpan(irqs), related })];
      });
    });

const SIZES = ['iova', 'size', 'pageSize'];

/** The schema can say how a size looks, not that it fits 64 bits. */
export const sizesFit: Law = ({ root, shape }) =>
  vmsOf(root).flatMap((vm) => {
    const memory = entryOf(vm.map, 'memory')?.value;
    if (memory?.kind !== 'seq') return [];
    return memory.items.flatMap((item, index) => {
      if (item.kind !== 'map') return [];
      return item.entries.flatMap(({ key, value }) => {
        if (!SIZES.includes(key) || value.kind !== 'scalar') return [];
        if (shape.isFaulty([...vm.path, 'memory', index, key])) return [];
        const fits =
          typeof value.value !== 'object' && typeof value.value !== 'boolean' && parseSize(value.value) !== undefined;
        return fits ? [] : [invalidSize({ detail: adviseOnSize(value.raw), at: spanOf(value.at) })];
      });
    });
  });

/** Ordinary memory has no huge pages, of a chosen size or to be reserved; a memory file has them where it says their size. */
export const pageSizeOnlyWithHugePages: Law = ({ root }) =>
  vmsOf(root).flatMap((vm) => {
    const memory = entryOf(vm.map, 'memory')?.value;
    if (memory?.kind !== 'seq') return [];
    return memory.items.flatMap((item) => {
      if (item.kind !== 'map') return [];
      const backing = textOf(item, 'backing') ?? 'anonymous';
      const pageSize = entryOf(item, 'pageSize');
      const reserve = textOf(item, 'reserve') === 'true' ? entryOf(item, 'reserve') : undefined;
      if (backing === 'memfd' && reserve && !pageSize) {
        const detail =
          'A memory file has ordinary pages where no size is given. Add "pageSize", or leave "reserve" out.';
        return [pageSizeNeedsHugePages({ detail, at: keySpan(reserve) })];
      }
      if (backing !== 'anonymous') return [];
      return [pageSize, reserve].flatMap((entry) => {
        if (!entry) return [];
        const detail = `Anonymous memory has no huge pages. Use "backing: hugetlb" or "backing: memfd", or leave "${entry.key}" out.`;
        return [pageSizeNeedsHugePages({ detail, at: keySpan(entry) })];
      });
    });
  });
