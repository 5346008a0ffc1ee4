/** Mount points by what is mounted there. */
export interface MountTable {
  /** By device number, `8:1`. */
  readonly byNumber: ReadonlyMap<string, readonly string[]>;
  /** By source as mounted, `/dev/sda1`. */
  readonly bySource: ReadonlyMap<string, readonly string[]>;
}

/** The kernel writes blanks, tabs, line feeds and backslashes in paths as three octal digits (fs/seq_file.c). */
const unescape = (text: string): string =>
  text.replace(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)));

/** Parses /proc/self/mountinfo: id, parent, major:minor, root, mount point, options, tags…, `-`, type, source. */
export function parseMounts(text: string): MountTable {
  const byNumber = new Map<string, string[]>();
  const bySource = new Map<string, string[]>();
  const add = (map: Map<string, string[]>, key: string, point: string) => {
    const list = map.get(key);
    if (list) list.push(point);
    else map.set(key, [point]);
  };
  for (const line of text.split('\n')) {
    const fields = line.split(' ');
    const [, , number, , point] = fields;
    if (number === undefined || point === undefined) continue;
    const separator = fields.indexOf('-', 6);
    const source = separator < 0 ? undefined : fields[separator + 2];
    add(byNumber, number, unescape(point));
    if (source?.startsWith('/dev/')) add(bySource, unescape(source), unescape(point));
  }
  return { byNumber, bySource };
}

/** Parses /proc/swaps: the devices that are swapped to. A swap file counts with the file system that it lies on. */
export function parseSwaps(text: string): Set<string> {
  const areas = text.split('\n').slice(1);
  return new Set(areas.map((line) => unescape(line.split(/\s+/)[0] ?? '')).filter((path) => path.startsWith('/dev/')));
}
