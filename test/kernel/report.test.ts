import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { ReportReader, type GuestReport } from './report.ts';

function read(text: string, wanted: readonly string[] = ['a'], piece = 7): GuestReport {
  const reader = new ReportReader(wanted, () => undefined);
  for (let at = 0; at < text.length; at += piece) reader.feed(text.slice(at, at + piece));
  return reader.finish();
}

describe('the report of a guest', () => {
  it('is read from pieces that cut lines anywhere', () => {
    const report = read('scenario a 2\nok a: one\r\nnot ok a: R-X-2: two # it is 3: not # 4\ndone\n');
    expect(report.problems).toEqual([]);
    expect(report.results).toEqual([
      { name: 'a: one', passed: true, why: '' },
      { name: 'a: R-X-2: two', passed: false, why: 'it is 3: not # 4' },
    ]);
  });

  it('hands out files, whatever their content looks like', () => {
    const content = Buffer.from('ok a: not a result\ndone\n');
    const report = read(
      `scenario a 1\nbegin f.txt\n${gzipSync(content).toString('base64')}\nend f.txt\nok a: one\ndone\n`,
    );
    expect(report.attachments.get('f.txt')).toEqual(content);
    expect(report.results).toHaveLength(1);
  });

  it('passes on what it asks for', () => {
    const asked: string[] = [];
    const reader = new ReportReader(['a'], () => undefined);
    reader.onRequest = (request) => asked.push(request);
    reader.feed('scenario a 1\nask link net off\nok a: one\ndone\n');
    expect(asked).toEqual(['link net off']);
  });

  it('passes on what it notes, and counts it as no result', () => {
    const noted: string[] = [];
    const reader = new ReportReader(['a'], () => undefined);
    reader.onNote = (text) => noted.push(text);
    reader.feed('scenario a 1\nnote a: 3 of 4\nok a: one\ndone\n');
    expect(noted).toEqual(['a: 3 of 4']);
    expect(reader.finish()).toMatchObject({ results: [{ name: 'a: one' }], problems: [] });
  });

  it.each([
    ['nothing at all', '', 'the guest stopped before its report was complete'],
    ['no scenario', 'done\n', 'scenario a did not run'],
    ['a scenario without tests', 'scenario a 0\ndone\n', 'scenario a announced no test'],
    ['fewer results than announced', 'scenario a 2\nok a: one\ndone\n', 'scenario a announced 2 tests and reported 1'],
    ['no end', 'scenario a 1\nok a: one\n', 'the guest stopped before its report was complete'],
    [
      'a file that was spoilt',
      'scenario a 1\nbegin f\nAAAA\nend f\nok a: one\ndone\n',
      'attachment f is not what the guest sent',
    ],
    ['half a file', 'scenario a 1\nok a: one\nbegin f\nAAAA\n', 'attachment f is cut short'],
  ])('does not believe %s', (_, text, problem) => {
    expect(read(text).problems).toContain(problem);
  });
});
