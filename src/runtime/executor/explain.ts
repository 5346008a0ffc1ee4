import { explainFailure } from '../uapi/index.ts';
import type { Explain } from './failure.ts';

/** What an errno usually means at the call that gave it. */
export const explain: Explain = (error) =>
  explainFailure(error) ?? 'Not an errno that this call is known for; the kernel log may say more.';
