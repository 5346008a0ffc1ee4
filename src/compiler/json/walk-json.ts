/** A step from an object or list of a JSON text to a member of it. */
export type JsonKey = string | number;

export interface JsonFault {
  /** Where the text stops being JSON, in UTF-16 units. */
  readonly offset: number;
  /** What may stand there, in words. */
  readonly expected: string;
}

type Expecting = 'value' | 'value or ]' | 'key' | 'key or }' | 'colon' | 'comma or end' | 'end';

const EXPECTED: Readonly<Record<Expecting, string>> = {
  value: 'a value',
  'value or ]': 'a value or "]"',
  key: 'a key in double quotes',
  'key or }': 'a key in double quotes or "}"',
  colon: '":"',
  'comma or end': '"," or the closing bracket',
  end: 'the end of the file',
};

/** Numbers and literals are short; a cut keeps the patterns from running over a huge token. */
const SCALAR = /(?:-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null)(?![\w.+-])/y;

/**
 * Walks over a JSON text, calls `visit` at the start of every value with the way to it, and returns where the text goes
 * wrong. JSON.parse does not tell positions reliably and never those of values; this runs only once something is wrong.
 * Does not recurse, so that depth costs no stack.
 */
export function walkJson(
  text: string,
  visit: (path: readonly JsonKey[], offset: number) => void,
): JsonFault | undefined {
  const path: JsonKey[] = [];
  const closers: string[] = [];
  let expecting: Expecting = 'value';
  let at = 0;
  const fault = (): JsonFault => ({ offset: at, expected: EXPECTED[expecting] });
  const afterValue = (): Expecting => (closers.length === 0 ? 'end' : 'comma or end');
  for (;;) {
    while (at < text.length && ' \t\n\r'.includes(text[at] ?? '')) at++;
    const char = text[at];
    if (char === undefined) return expecting === 'end' ? undefined : fault();
    const closes = expecting === 'comma or end' || expecting === 'value or ]' || expecting === 'key or }';
    if (closes && char === closers.at(-1)) {
      at++;
      closers.pop();
      path.pop();
      expecting = afterValue();
    } else if (expecting === 'comma or end' && char === ',') {
      at++;
      const last = path.at(-1);
      if (typeof last === 'number') path[path.length - 1] = last + 1;
      expecting = typeof last === 'number' ? 'value' : 'key';
    } else if (expecting === 'colon' && char === ':') {
      at++;
      expecting = 'value';
    } else if (expecting === 'key' || expecting === 'key or }') {
      const end = char === '"' ? endOfString(text, at) : -1;
      if (end < 0) return fault();
      path[path.length - 1] = JSON.parse(text.slice(at, end)) as string;
      at = end;
      expecting = 'colon';
    } else if (expecting === 'value' || expecting === 'value or ]') {
      visit(path, at);
      if (char === '{' || char === '[') {
        at++;
        closers.push(char === '{' ? '}' : ']');
        path.push(char === '{' ? '' : 0);
        expecting = char === '{' ? 'key or }' : 'value or ]';
      } else {
        const end = char === '"' ? endOfString(text, at) : endOfScalar(text, at);
        if (end < 0) return fault();
        at = end;
        expecting = afterValue();
      }
    } else {
      return fault();
    }
  }
}

function endOfScalar(text: string, at: number): number {
  SCALAR.lastIndex = at;
  return SCALAR.test(text) ? SCALAR.lastIndex : -1;
}

/** The offset behind a string's closing quote, or -1 where it is not a JSON string. */
function endOfString(text: string, at: number): number {
  for (let index = at + 1; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if (code === 0x22) return index + 1;
    if (code < 0x20) return -1;
    if (code !== 0x5c) continue;
    index++;
    const escaped = text[index] ?? '';
    if (escaped === 'u') {
      if (!/^[0-9a-fA-F]{4}$/.test(text.slice(index + 1, index + 5))) return -1;
      index += 4;
    } else if (!'"\\/bfnrt'.includes(escaped) || escaped === '') {
      return -1;
    }
  }
  return -1;
}

/**
 * Where the values at some ways into a JSON text begin, in the order asked for; undefined where there is none. One walk
 * for all of them. Of duplicate keys the last counts, as for JSON.parse.
 */
export function findInJson(text: string, ways: readonly (readonly JsonKey[])[]): (number | undefined)[] {
  // JSON's own quotes: a key may hold anything, half of a surrogate pair too.
  const name = (way: readonly JsonKey[]) => JSON.stringify(way.map(String));
  const wanted = new Map<string, number | undefined>(ways.map((way) => [name(way), undefined]));
  const depths = new Set(ways.map((way) => way.length));
  walkJson(text, (path, offset) => {
    if (!depths.has(path.length)) return;
    const key = name(path);
    if (wanted.has(key)) wanted.set(key, offset);
  });
  return ways.map((way) => wanted.get(name(way)));
}
