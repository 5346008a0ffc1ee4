/** The absolute path that a link of `/sys/bus/…/devices` or `/sys/class/…` leads to: they all are relative, and go up to /sys. */
export const sysfsPathOf = (link: string): string => `/sys/${link.replace(/^(?:\.\.\/)+/, '')}`;

/**
 * The innermost of some devices that a path runs through: what takes the rest away when it leaves the host. A disk on USB
 * belongs to the USB controller, be that a PCI function or a platform device.
 *
 * @param known sysfs paths of the devices that count
 */
export function deviceAbove(path: string, known: ReadonlySet<string>): string | undefined {
  // Below /sys/devices there is at least one folder more.
  for (let end = path.lastIndexOf('/'); end > '/sys/devices/'.length; end = path.lastIndexOf('/', end - 1)) {
    const above = path.slice(0, end);
    if (known.has(above)) return above;
  }
  return undefined;
}
