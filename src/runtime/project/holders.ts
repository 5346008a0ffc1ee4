import type { Holder } from '../../model/index.ts';
import { readGroupHolders } from '../inventory/group-holders.ts';
import { HostFiles } from '../inventory/host-files.ts';

/** The processes that hold each group node of this machine open, as far as this user may see them. */
export const groupHolders = (): Map<number, Holder[]> => readGroupHolders(new HostFiles(''));
