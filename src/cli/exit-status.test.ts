import { expect, it } from 'vitest';
import { type Category, defineDiagnostic, type Severity } from '../model/index.ts';
import { ExitStatus, statusOf } from './exit-status.ts';

const finding = (category: Category, severity: Severity = 'error') =>
  defineDiagnostic({ code: 'x', severity, category, summary: '', explanation: '' })({ detail: '' });

it('gives each category of error its own status', () => {
  expect(statusOf([finding('manifest')])).toBe(3);
  expect(statusOf([finding('host')])).toBe(4);
  expect(statusOf([finding('safety')])).toBe(5);
  expect(statusOf([finding('plugin')])).toBe(8);
});

it('names what must be mended first where several categories meet', () => {
  expect(statusOf([finding('host'), finding('safety'), finding('manifest')])).toBe(ExitStatus.manifestInvalid);
  expect(statusOf([finding('host'), finding('safety')])).toBe(ExitStatus.refusedForSafety);
});

it('is 0 for warnings and notes alone', () => {
  expect(statusOf([finding('safety', 'warning'), finding('host', 'note')])).toBe(0);
});

it('has one meaning for each status', () => {
  const statuses = Object.values(ExitStatus);
  expect(new Set(statuses).size).toBe(statuses.length);
});
