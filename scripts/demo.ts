/**
 * The main job in a minute, on a simulated host: plan, up, ps, down of an example, each shown as it would be typed.
 * Builds the command first where it is not built, works in a temporary state directory, and leaves nothing.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..');
const bin = join(root, 'dist', 'cli', 'main.cjs');
const example = join('examples', 'one-nic');
const state = mkdtempSync(join(tmpdir(), 'vfio-compose-demo-'));

if (!existsSync(bin)) {
  console.log('$ npm run build');
  const built = spawnSync('npm', ['run', '--silent', 'build'], { cwd: root, stdio: ['ignore', 'ignore', 'inherit'] });
  if (built.status !== 0) process.exit(1);
}

function run(comment: string, ...args: string[]): void {
  console.log(`\n# ${comment}\n$ vfio-compose ${args.join(' ')}`);
  const { status } = spawnSync(process.execPath, [bin, ...args], {
    cwd: root,
    stdio: ['ignore', 'inherit', 'inherit'],
    env: { ...process.env, VFIO_COMPOSE_STATE_DIR: state },
  });
  if (status !== 0) {
    console.error(`vfio-compose ${args[0]} ended with status ${status}`);
    process.exitCode = 1;
  }
}

const target = [join(example, 'vfio-compose.yaml'), '--host', join(example, 'host.json')];
try {
  run('What would happen? Nothing is touched.', 'plan', ...target);
  run('Do it, on the simulated host, and leave a supervisor.', 'up', '-d', '--yes', ...target);
  run('What is running?', 'ps', '--host', join(example, 'host.json'));
  run('Take it all back.', 'down', ...target);
  run('And nothing is left.', 'ps', '--host', join(example, 'host.json'));
} finally {
  rmSync(state, { recursive: true, force: true });
}
