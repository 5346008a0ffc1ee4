import { expect, it, vi } from 'vitest';

it('says what to do where the native part is not installed', async () => {
  vi.doMock('koffi', () => {
    throw new Error('Cannot find the native Koffi module; did you bundle it correctly?\nand a second line');
  });
  const { loadKoffi, NativeCallsMissing } = await import('./load-koffi.ts');
  const failure = await loadKoffi().catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(NativeCallsMissing);
  expect(String(failure)).toContain('--omit=optional');
  vi.doUnmock('koffi');
});

it('loads koffi where it is', async () => {
  const { loadKoffi } = await import('./load-koffi.ts');
  expect(typeof (await loadKoffi()).load).toBe('function');
});
