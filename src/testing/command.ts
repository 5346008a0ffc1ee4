import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { HostInventory } from '../model/index.ts';
import { snapshotText } from '../runtime/inventory/snapshot-text.ts';

const ROOT = join(import.meta.dirname, '..', '..');

/** What Node is given to run the command from its sources. */
export const ownCommand = (): string[] => [
  '--import',
  join(ROOT, 'node_modules/tsx/dist/esm/index.mjs'),
  join(ROOT, 'src/cli/main.ts'),
];

export interface Finished {
  readonly status: number | null;
  readonly out: string;
  readonly err: string;
}

/** A command that is under way. */
export interface Running {
  readonly child: ChildProcess;
  readonly finished: Promise<Finished>;
  /** Resolves once stderr has said this. */
  says(text: string): Promise<void>;
}

/**
 * A directory with a snapshot, a manifest and a state directory of its own, in which the command runs as a process:
 * from its sources, so that no build has to be up to date.
 */
export class Workplace {
  readonly directory = mkdtempSync(join(tmpdir(), 'vfio-compose-test-'));
  readonly host = join(this.directory, 'host.json');

  constructor(inventory: HostInventory, manifest: string) {
    writeFileSync(this.host, snapshotText(inventory, { identifiers: false }));
    this.write('vfio-compose.yaml', manifest);
  }

  write(name: string, text: string): string {
    const path = join(this.directory, name);
    writeFileSync(path, text);
    return path;
  }

  get state(): string {
    return join(this.directory, 'state');
  }

  /** Starts the command on the simulated host. */
  start(...args: string[]): Running {
    const child = spawn(process.execPath, [...ownCommand(), ...args], {
      cwd: this.directory,
      env: { ...process.env, VFIO_COMPOSE_HOST: this.host, VFIO_COMPOSE_STATE_DIR: this.state },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const output = { out: '', err: '' };
    child.stdout.on('data', (chunk: Buffer) => (output.out += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (output.err += chunk.toString()));
    const finished = new Promise<Finished>((resolve) => {
      child.on('close', (status) => resolve({ status, ...output }));
    });
    const says = (text: string) =>
      new Promise<void>((resolve, reject) => {
        const look = () => output.err.includes(text) && resolve();
        child.stderr.on('data', look);
        void finished.then(({ err }) => reject(new Error(`it ended without saying "${text}": ${err}`)));
        look();
      });
    return { child, finished, says };
  }

  run(...args: string[]): Promise<Finished> {
    return this.start(...args).finished;
  }

  remove(): void {
    rmSync(this.directory, { recursive: true, force: true });
  }
}
