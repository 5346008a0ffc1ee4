import { VERSION } from '../version.ts';
import { runCommandLine } from './run.ts';
import { processTerminal } from './terminal.ts';

// A reader that goes away (`vfio-compose plan | head`) is no failure of ours.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
  });
}

async function main(): Promise<void> {
  const args = process.argv.slice(2);
  if (args[0] === '__supervise') {
    const { supervise } = await import('./supervise.ts');
    process.exitCode = await supervise(args.slice(1));
    return;
  }
  if (args[0] === '__exec') {
    const { runTrampoline } = await import('../runtime/supervision/trampoline.ts');
    process.exitCode = await runTrampoline();
    return;
  }
  process.exitCode = await runCommandLine(args, VERSION, processTerminal);
}

main().catch((error: unknown) => {
  const text =
    error instanceof Error ? (process.env['VFIO_COMPOSE_DEBUG'] ? error.stack : error.message) : String(error);
  process.stderr.write(
    `vfio-compose: internal error: ${text}\nThis is a bug of vfio-compose ${VERSION}; VFIO_COMPOSE_DEBUG=1 shows where.\n`,
  );
  process.exitCode = 70;
});
