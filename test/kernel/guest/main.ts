import { readFileSync } from 'node:fs';
import path from 'node:path';
import { WORK } from './command.ts';
import { handoffBindTestpmd } from './handoff-bind-testpmd.ts';
import { kernelErrors } from './kernel-errors.ts';
import { mapBench } from './map-bench.ts';
import { planEqualsCapture } from './plan-equals-capture.ts';
import { rawSmoke } from './raw-smoke.ts';
import { rawTestpmd } from './raw-testpmd.ts';
import { say } from './report-port.ts';
import { runScenario, type Scenario } from './scenario.ts';
import { upAndDown } from './up-and-down.ts';

const SCENARIOS: Readonly<Record<string, Scenario>> = {
  'raw-smoke': rawSmoke,
  'raw-testpmd': rawTestpmd,
  'up-and-down': upAndDown,
  'kernel-errors': kernelErrors,
  'handoff-bind-testpmd': handoffBindTestpmd,
  'plan-equals-capture': planEqualsCapture,
  'map-bench': mapBench,
};

async function main(): Promise<void> {
  const job = JSON.parse(readFileSync(path.join(WORK, 'job.json'), 'utf8')) as {
    machine: string;
    scenarios: readonly string[];
  };
  for (const name of job.scenarios) {
    const scenario = SCENARIOS[name];
    // Unknown here is reported outside as a scenario that did not run.
    if (scenario) await runScenario(name, job.machine, scenario);
  }
  say('done');
}

// Timers and pipes that a test left behind must not keep the machine running.
void main().finally(() => process.exit());
