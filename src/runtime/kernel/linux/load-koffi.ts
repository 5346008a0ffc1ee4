/** System calls that Node has no function for cannot be made here. The message says why and what to do. */
export class NativeCallsMissing extends Error {
  override readonly name = 'NativeCallsMissing';
}

/** Loads koffi when the first native call is near. Throws {@link NativeCallsMissing} where its native part is not there. */
export async function loadKoffi(): Promise<(typeof import('koffi'))['default']> {
  try {
    return (await import('koffi')).default;
  } catch (error) {
    const [reason = ''] = (error instanceof Error ? error.message : String(error)).split('\n');
    throw new NativeCallsMissing(
      `system calls cannot be made: koffi does not load (${reason}). Its native part comes with "npm install" as an ` +
        'optional dependency: install vfio-compose without --omit=optional, and readable for this user.',
    );
  }
}
