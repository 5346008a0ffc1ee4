/**
 * Whether a kernel release as `uname -r` prints it, such as `6.12.38-amd64`, is of a version or newer. A release that does
 * not begin with two numbers counts as newer than all.
 */
export function isReleaseSince(release: string, major: number, minor: number): boolean {
  const match = /^(\d+)\.(\d+)/.exec(release);
  if (!match) return true;
  const found = Number(match[1]);
  return found > major || (found === major && Number(match[2]) >= minor);
}
