import { formatBytes, type StepOf } from '../../model/index.ts';
import type { Kernel } from '../kernel/port.ts';
import { UnexpectedAnswer, WayBackLost } from './failure.ts';
import type { HostSide, Past } from './host-steps.ts';
import { sysfs } from './sysfs.ts';

type HugePages = StepOf<'set-huge-pages'>;

const pagesIn = (kernel: Kernel, { pageSize }: HugePages): number =>
  Number(kernel.readFile(sysfs.hugePages(pageSize)).trim());

/** Adds pages to a pool, or takes them out again (docs/adr/0020). */
export function setHugePages({ kernel }: HostSide, step: HugePages, past: Past): Promise<void> {
  return step.undoes === undefined ? reserve(kernel, step) : giveBack(kernel, step, past);
}

/** The kernel takes what number it is given and adds the pages that it finds: how many those are, only a read tells. */
async function reserve(kernel: Kernel, step: HugePages): Promise<void> {
  const path = sysfs.hugePages(step.pageSize);
  const { before, pages, pageSize } = step;
  if (pagesIn(kernel, step) === pages) return;
  await kernel.writeFile(path, String(pages));
  const now = pagesIn(kernel, step);
  if (now >= pages) return;
  await kernel.writeFile(path, String(before));
  const wanted = pages - before;
  throw new UnexpectedAnswer(
    `the kernel found memory for ${Math.max(0, now - before)} of the ${wanted} huge pages of ${formatBytes(pageSize)} that the pool lacks, and has it back. Free memory, reserve them at boot (hugepages= on the kernel command line), or use smaller pages`,
  );
}

/**
 * Others may have changed the pool meanwhile, so it changes by what the step had added. Pages in use stay until their user
 * lets go of them: the kernel counts them as surplus. Where it is not known whether a write has happened, the number
 * has to tell: between what it was before and after, nobody else has changed it.
 */
async function giveBack(kernel: Kernel, step: HugePages, past: Past): Promise<void> {
  const path = sysfs.hugePages(step.pageSize);
  const now = pagesIn(kernel, step);
  const added = step.before - step.pages;
  if (past === 'known') return kernel.writeFile(path, String(Math.max(0, now - added)));
  if (now === step.pages) return;
  if (now > step.pages && now <= step.before) return kernel.writeFile(path, String(step.pages));
  throw new WayBackLost(
    `${path} is ${now}, neither ${step.pages} nor ${step.before}: somebody else has changed it, and whether ${added} of its pages are still ours was not recorded. They stay; lower it by hand if nobody needs them`,
  );
}
