/** sysfs prints `(null)` where no override is set. */
export const overrideOf = (text: string | null): string | null =>
  text === null || text === '' || text === '(null)' ? null : text;

/** A number that is not negative: `numa_node` is -1 where the firmware says nothing. */
export function numberOrNull(text: string | null): number | null {
  if (text === null || !/^\d+$/.test(text)) return null;
  return Number(text);
}
