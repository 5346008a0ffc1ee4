import { example } from './example.ts';
import { handoffBindTestpmd } from './handoff-bind-testpmd.ts';
import { job } from './job.ts';
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
  example,
};

async function main(): Promise<void> {
  const { machine, scenarios } = job();
  for (const name of scenarios) {
    const scenario = SCENARIOS[name];
    // Unknown here is reported outside as a scenario that did not run.
    if (scenario) await runScenario(name, machine, scenario);
  }
  say('done');
}

// Timers and pipes that a test left behind must not keep the machine running.
void main().finally(() => process.exit());
