/** Tries that a minimal input is worth. */
const TRIES = 400;

/** A shorter input that still does the same: pieces are left out for as long as it does. */
export async function shortest(
  data: Uint8Array,
  stillDoes: (less: Uint8Array) => Promise<boolean>,
): Promise<Uint8Array> {
  let least = data;
  let tries = 0;
  for (let size = least.length >> 1; size > 0; size >>= 1) {
    for (let at = 0; at < least.length && tries < TRIES; tries++) {
      const less = Uint8Array.from([...least.subarray(0, at), ...least.subarray(at + size)]);
      if (await stillDoes(less)) least = less;
      else at += size;
    }
  }
  return least;
}
