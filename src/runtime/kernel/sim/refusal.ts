import type { ErrnoName } from '../errno.ts';

/** What a part of the simulated kernel answers instead of a result. The kernel adds the call and what it was about. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  constructor(readonly code: ErrnoName) {
    super(code);
  }
}

export function refuse(code: ErrnoName): never {
  throw new Refusal(code);
}
