import { expect, test } from 'vitest';
import { defineDiagnostic, type Diagnostic, type Span } from '../model/index.ts';
import { renderDiagnostics, sortDiagnostics } from './diagnostics.ts';
import { diagnosticsDocument } from './diagnostics-json.ts';

const kind = (code: string, severity: Diagnostic['severity'] = 'error') =>
  defineDiagnostic({ code, severity, category: 'manifest', summary: `Summary of ${code}`, explanation: '' });

const MAIN = 'version: 1\ndevices:\n  nic0: {pci: "01:00.0", rest: none}\n';
const BASE = 'devices:\n\tnic0: x\n';
const SOURCES = new Map([
  ['main.yaml', MAIN],
  ['base.yaml', BASE],
]);

/** A span on one line; offsets grow with line and column, as in a text. */
const span = (file: string, line: number, column: number, endColumn: number, endLine = line): Span => ({
  file,
  start: { line, column, offset: line * 1000 + column },
  end: { line: endLine, column: endColumn, offset: endLine * 1000 + endColumn },
});

const text = (diagnostics: readonly Diagnostic[], options = {}, sources: ReadonlyMap<string, string> = SOURCES) =>
  renderDiagnostics(diagnostics, sources, { colour: false, ...options });

test('shows the code, the place, the line with a marker, what to do, the other places, and a count', () => {
  const finding = kind('unknown-key')({
    detail: '"rest" is not a key of a device. Did you mean "reset"?',
    at: span('main.yaml', 3, 26, 30),
    related: [
      { message: 'the device is named here', at: span('base.yaml', 2, 2, 6) },
      { message: 'and without a place' },
    ],
  });
  expect(text([finding])).toBe(`error[unknown-key]: Summary of unknown-key
  --> main.yaml:3:26
  |
3 |   nic0: {pci: "01:00.0", rest: none}
  |                          ^^^^
  "rest" is not a key of a device. Did you mean "reset"?
  - the device is named here
    --> base.yaml:2:2
    |
  2 |  nic0: x
    |  ----
  - and without a place

1 error
`);
});

test('says nothing about nothing', () => {
  expect(text([])).toBe('');
});

test('shows a place without its line where the text is not at hand, and a finding without a place', () => {
  expect(text([kind('a')({ detail: 'Why.', at: span('gone.yaml', 3, 1, 2) }), kind('b', 'note')({ detail: 'Also.' })]))
    .toBe(`error[a]: Summary of a
  --> gone.yaml:3:1
  Why.

note[b]: Summary of b
  Also.

1 error, 1 note
`);
});

test('sorts by file as read, then by position, then by severity, and puts what has no place last', () => {
  const make = (code: string, at?: Span, severity: Diagnostic['severity'] = 'error') =>
    kind(code, severity)({ detail: code, at });
  const sorted = [
    make('c', span('main.yaml', 2, 1, 2)),
    make('d', span('base.yaml', 1, 1, 2)),
    make('e', span('unread.yaml', 1, 1, 2)),
    make('f'),
  ];
  const first = make('a', span('main.yaml', 1, 1, 2));
  const warning = make('b', span('main.yaml', 1, 1, 2), 'warning');
  const shuffled = [...sorted].reverse();
  expect(sortDiagnostics([warning, ...shuffled, first], SOURCES).map(({ code }) => code)).toEqual([
    'a',
    'b',
    'c',
    'd',
    'e',
    'f',
  ]);
});

test('caps the findings and says so, and counts all of them', () => {
  const many = Array.from({ length: 7 }, (_, i) => kind('x', i < 2 ? 'warning' : 'error')({ detail: `${i}` }));
  const rendered = text(many, { limit: 3 });
  expect(rendered.match(/\[x\]/g)).toHaveLength(3);
  expect(rendered.endsWith('\n5 errors, 2 warnings; the first 3 are shown\n')).toBe(true);
});

test('caps the other places of one finding', () => {
  const related = Array.from({ length: 40 }, (_, i) => ({ message: `member ${i}` }));
  expect(text([kind('x')({ detail: 'd', related })])).toContain('  - member 31\n  - and 8 more\n');
});

test('wraps long details at words', () => {
  const rendered = text([kind('x')({ detail: 'one two three four five six seven' })], { width: 16 });
  expect(rendered).toContain('\n  one two three\n  four five six\n  seven\n');
});

test('marks to the end of the line what goes on below, and at least one column', () => {
  expect(text([kind('x')({ detail: 'd', at: span('main.yaml', 2, 1, 3, 3) })])).toContain(
    '2 | devices:\n  | ^^^^^^^^\n',
  );
  expect(text([kind('x')({ detail: 'd', at: span('main.yaml', 2, 9, 9) })])).toContain('2 | devices:\n  |         ^\n');
});

test('keeps the marker below characters beyond the basic plane', () => {
  const sources = new Map([['u.yaml', 'name: "𝔞𝔟" bad\r\n']]);
  const rendered = text([kind('x')({ detail: 'd', at: span('u.yaml', 1, 12, 15) })], {}, sources);
  expect(rendered).toContain('1 | name: "𝔞𝔟" bad\n  |            ^^^\n');
});

test('shortens long lines around the marker', () => {
  const sources = new Map([['l.yaml', `${'a'.repeat(500)}HERE${'b'.repeat(500)}`]]);
  const lines = text([kind('x')({ detail: 'd', at: span('l.yaml', 1, 501, 505) })], {}, sources).split('\n');
  const [line = '', marker = ''] = lines.slice(3, 5);
  expect(line.length).toBeLessThan(130);
  expect(line.slice(marker.indexOf('^'), marker.lastIndexOf('^') + 1)).toBe('HERE');
});

test('lets nothing through that a terminal would act on', () => {
  const evil = 'a: "\u001b[2J\u0007\u202e"\u0000';
  const sources = new Map([['e\u001b[31m.yaml', `${evil}\n`]]);
  const finding = kind('x')({
    detail: `bad ${evil}\nnext`,
    at: span('e\u001b[31m.yaml', 1, 1, 3),
    related: [{ message: evil }],
  });
  expect(text([finding], {}, sources)).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u202e]/);
});

test('colours where asked to, and only then', () => {
  const finding = kind('x')({ detail: 'd', at: span('main.yaml', 1, 1, 2) });
  expect(text([finding], { colour: true })).toContain('\u001b[');
  expect(text([finding])).not.toContain('\u001b[');
});

test('gives the same findings as JSON, with 1-based places and the line', () => {
  const finding = kind('unknown-key')({
    detail: 'Why.',
    at: span('main.yaml', 3, 26, 30),
    related: [{ message: 'alone' }],
  });
  expect(diagnosticsDocument([finding, kind('w', 'warning')({ detail: 'd' })], SOURCES)).toEqual({
    format_version: 1,
    valid: false,
    error_count: 1,
    warning_count: 1,
    note_count: 0,
    diagnostics: [
      {
        severity: 'error',
        code: 'unknown-key',
        category: 'manifest',
        summary: 'Summary of unknown-key',
        detail: 'Why.',
        range: { file: 'main.yaml', start: { line: 3, column: 26 }, end: { line: 3, column: 30 } },
        snippet: { line: 3, text: '  nic0: {pci: "01:00.0", rest: none}', marker: { column: 26, length: 4 } },
        related: [{ message: 'alone' }],
      },
      expect.objectContaining({ severity: 'warning', code: 'w', related: [] }),
    ],
  });
});

test('calls a manifest with warnings valid', () => {
  expect(diagnosticsDocument([kind('w', 'warning')({ detail: 'd' })], SOURCES)).toMatchObject({ valid: true });
});
