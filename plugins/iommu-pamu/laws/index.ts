import type { DomainContext, PluginLaw } from 'vfio-compose/plugin';
import { banksNotThere } from './banks-not-there.ts';
import { kernelNotIdentified } from './kernel-not-identified.ts';
import { liodnMissing } from './liodn-missing.ts';
import { liodnShared } from './liodn-shared.ts';
import { memoryBeyondWidth } from './memory-beyond-width.ts';
import { msiWithoutBank } from './msi-without-bank.ts';
import { nothingMapped } from './nothing-mapped.ts';
import { pagesBelowWindow } from './pages-below-window.ts';
import { pinnedLayout } from './pinned-layout.ts';
import { secondaryEntries } from './secondary-entries.ts';
import { tooManyWindows } from './too-many-windows.ts';

/** The laws of a PAMU: its kernel, its windows, its banks, its devices. */
export const LAWS: readonly PluginLaw<DomainContext>[] = [
  kernelNotIdentified,
  memoryBeyondWidth,
  pagesBelowWindow,
  tooManyWindows,
  pinnedLayout,
  banksNotThere,
  msiWithoutBank,
  nothingMapped,
  liodnMissing,
  liodnShared,
  secondaryEntries,
];
