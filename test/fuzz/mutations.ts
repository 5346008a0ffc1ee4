import fc from 'fast-check';
import { utf8 } from './target.ts';

/** One character for each byte, and back: so a blob can be changed as a text is, and all else of it stays. */
const characters = (data: Uint8Array): string => Buffer.from(data).toString('latin1');
const octets = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, 'latin1'));
/** A text as its bytes in UTF-8, a character for each. */
const asWritten = (text: string): string => characters(utf8(text));

/** Texts that a careless reader stumbles over. */
const NASTY: readonly string[] = [
  ...[
    '__proto__',
    'constructor',
    'toString',
    'hasOwnProperty',
    '',
    ' ',
    '\0',
    '\ufeff',
    '\ud800',
    '\udfff',
    '\u2028',
    '\u202e',
  ],
  ...[
    '.',
    '..',
    '../..',
    '/',
    '../../../../etc/shadow',
    '/etc/passwd',
    '/dev/mem',
    'a/../../b',
    'file:///etc/passwd',
    '~root',
  ],
  ...['0', '-0', '-1', '1e400', '0x0', '0xffffffffffffffff', '0x10000000000000000', '9'.repeat(400), 'NaN', 'Infinity'],
  ...['null', 'true', '{}', '[]', '""', '[[]]', '{"__proto__":{"x":1}}', '['.repeat(3000), '{"a":'.repeat(3000)],
  ...[
    '${',
    '${A:-${A:-${A}}}',
    '$LONG',
    '$$',
    '*a',
    '&a ',
    '<<: *a',
    '!!js/function',
    '- - - -',
    '? ',
    '%YAML 1.1\n---\n',
    '---',
  ],
  ...[
    'vfio-pci',
    'vfio',
    'x-vfio',
    'e1000e',
    '..vfio',
    '0000:31:00.0',
    'container#x',
    'hostbridge',
    'Y',
    'N',
    ';id',
    '$(id)',
    '`id`',
  ],
];

type Change =
  | { readonly kind: 'flip'; readonly at: number; readonly bit: number }
  | { readonly kind: 'cut'; readonly at: number }
  | { readonly kind: 'line'; readonly at: number; readonly how: 'delete' | 'double' | 'swap' }
  | { readonly kind: 'put'; readonly at: number; readonly length: number; readonly text: string }
  | { readonly kind: 'word'; readonly at: number; readonly by: string | number; readonly all: boolean }
  | { readonly kind: 'value'; readonly at: number; readonly by: unknown }
  | { readonly kind: 'cell'; readonly at: number; readonly value: number }
  | { readonly kind: 'bytes'; readonly at: number; readonly bytes: Uint8Array };

const at = fc.nat();
const text = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(...NASTY) },
  { weight: 1, arbitrary: fc.string({ unit: 'binary' }) },
);
const json = fc.oneof(
  fc.constantFrom<unknown>(null, true, 0, -1, 2 ** 53, 1e308, '', [], {}, [null], [[]], { '': '' }),
  text,
  fc.jsonValue({ maxDepth: 2 }),
);

/** Numbers of a blob: small ones are phandles and counts, large ones what a careless reader adds to an address. */
const cell = fc.oneof(
  fc.nat({ max: 16 }),
  fc.constantFrom(0x7fff_ffff, 0x8000_0000, 0xffff_fffc, 0xffff_ffff),
  fc.nat({ max: 0xffff }),
);

const change: fc.Arbitrary<Change> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('cell' as const), at, value: cell }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('flip' as const), at, bit: fc.nat({ max: 7 }) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('cut' as const), at }) },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('line' as const),
      at,
      how: fc.constantFrom('delete' as const, 'double' as const, 'swap' as const),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('put' as const), at, length: fc.nat({ max: 20 }), text }) },
  {
    weight: 5,
    arbitrary: fc.record({ kind: fc.constant('word' as const), at, by: fc.oneof(text, fc.nat()), all: fc.boolean() }),
  },
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('value' as const), at, by: json }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('bytes' as const), at, bytes: fc.uint8Array({ maxLength: 8 }) }),
  },
);

/** Good inputs with one to four changes, and now and then bytes of no meaning. Shrinks to the fewest and simplest changes. */
export const mutated = (seeds: readonly Uint8Array[]): fc.Arbitrary<Uint8Array> =>
  fc.oneof(
    {
      weight: 20,
      arbitrary: fc
        .tuple(fc.constantFrom(...seeds), fc.array(change, { minLength: 1, maxLength: 4 }))
        .map(([seed, changes]) => changes.reduce(apply, seed)),
    },
    { weight: 1, arbitrary: fc.uint8Array({ maxLength: 300 }) },
    { weight: 1, arbitrary: text.map(utf8) },
  );

function apply(data: Uint8Array, what: Change): Uint8Array {
  if (data.length === 0) return data;
  const place = what.at % data.length;
  switch (what.kind) {
    case 'flip':
      return data.with(place, (data[place] ?? 0) ^ (1 << what.bit));
    case 'cell': {
      const changed = Uint8Array.from([...data, 0, 0, 0, 0]);
      new DataView(changed.buffer).setUint32(place & ~3, what.value);
      return changed.slice(0, data.length);
    }
    case 'cut':
      return data.slice(0, place);
    case 'bytes':
      return Uint8Array.from([...data.subarray(0, place), ...what.bytes, ...data.subarray(place + what.bytes.length)]);
    case 'line':
      return octets(withLine(characters(data).split('\n'), what.at, what.how).join('\n'));
    case 'put': {
      const whole = characters(data);
      const from = what.at % (whole.length + 1);
      return octets(whole.slice(0, from) + asWritten(what.text) + whole.slice(from + what.length));
    }
    case 'word':
      return octets(withWord(characters(data), what));
    case 'value':
      return octets(withValue(characters(data), what));
  }
}

function withLine(lines: string[], at: number, how: 'delete' | 'double' | 'swap'): string[] {
  const line = at % lines.length;
  const own = lines[line] ?? '';
  const other = (at * 7 + 1) % lines.length;
  if (how === 'delete') return lines.toSpliced(line, 1);
  if (how === 'double') return lines.toSpliced(line, 0, own);
  return lines.with(line, lines[other] ?? '').with(other, own);
}

/** One word by another, or by one of the text's own; everywhere, so that what belongs together still does. */
function withWord(whole: string, { at: which, by, all }: Extract<Change, { kind: 'word' }>): string {
  // Each once: the rare ones are names, and the frequent ones keys.
  const words = [...new Set(whole.match(/[A-Za-z0-9_.:@#/+-]+/g) ?? [])];
  const word = words[which % words.length];
  if (word === undefined) return whole;
  const other = typeof by === 'string' ? asWritten(by) : (words[by % words.length] ?? '');
  return all ? whole.replaceAll(word, () => other) : whole.replace(word, () => other);
}

/** One value of a JSON text by another; of what is no JSON, what stands behind a colon. */
function withValue(whole: string, { at: which, by }: Extract<Change, { kind: 'value' }>): string {
  const values = [...whole.matchAll(/(?<=[:[,]\s?)(?:"(?:[^"\\]|\\.)*"|[\w.+-]+|\[\]|\{\})/g)];
  const value = values[which % values.length];
  if (value === undefined) return whole;
  return whole.slice(0, value.index) + asWritten(JSON.stringify(by)) + whole.slice(value.index + value[0].length);
}
