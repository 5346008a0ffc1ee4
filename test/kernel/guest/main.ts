import { emittedC } from './emitted-c.ts';
import { everythingHeld } from './everything-held.ts';
import { example } from './example.ts';
import { foreground } from './foreground.ts';
import { handoffBindTestpmd } from './handoff-bind-testpmd.ts';
import { hotReset } from './hot-reset.ts';
import { inspectAgrees } from './inspect-agrees.ts';
import { job } from './job.ts';
import { kernelErrors } from './kernel-errors.ts';
import { killAtEachStep } from './kill-at-each-step.ts';
import { lockstepOf } from './lockstep.ts';
import { lockstepPlatform } from './lockstep-platform.ts';
import { lockstepSmmuPlatform } from './lockstep-smmu-platform.ts';
import { loadModules } from './load-modules.ts';
import { mapBench } from './map-bench.ts';
import { platformFacts } from './platform-facts.ts';
import { midway } from './midway.ts';
import { planEqualsCapture } from './plan-equals-capture.ts';
import { rawHotReset } from './raw-hot-reset.ts';
import { rawLevelInterrupt } from './raw-level-interrupt.ts';
import { rawMidway } from './raw-midway.ts';
import { rawReset } from './raw-reset.ts';
import { rawSmoke } from './raw-smoke.ts';
import { rawTestpmd } from './raw-testpmd.ts';
import { rawVirtioMmio } from './raw-virtio-mmio.ts';
import { say } from './report-port.ts';
import { reservations } from './reservations.ts';
import { savedPlan } from './saved-plan.ts';
import { resetAfterCrash } from './reset-after-crash.ts';
import { resetPlugin } from './reset-plugin.ts';
import { runScenario, type Scenario } from './scenario.ts';
import { smmuNotCoherent } from './smmu-not-coherent.ts';
import { smmuPlatform } from './smmu-platform.ts';
import { smmuPluginPlatform } from './smmu-plugin-platform.ts';
import { smmuPlugin } from './smmu-plugin.ts';
import { soak } from './soak.ts';
import { supervised } from './supervised.ts';
import { treeNames } from './tree-names.ts';
import { upAndDown } from './up-and-down.ts';
import { virtioMmio } from './virtio-mmio.ts';
import { withoutRoot } from './without-root.ts';

const SCENARIOS: Readonly<Record<string, Scenario>> = {
  'raw-smoke': rawSmoke,
  'raw-testpmd': rawTestpmd,
  'raw-hot-reset': rawHotReset,
  lockstep: lockstepOf(300),
  'lockstep-whole': lockstepOf(10_000),
  'lockstep-platform': lockstepPlatform,
  'up-and-down': upAndDown,
  'kernel-errors': kernelErrors,
  'handoff-bind-testpmd': handoffBindTestpmd,
  'plan-equals-capture': planEqualsCapture,
  'hot-reset': hotReset,
  'everything-held': everythingHeld,
  foreground,
  'kill-at-each-step': killAtEachStep,
  soak,
  reservations,
  supervised,
  'emitted-c': emittedC,
  'without-root': withoutRoot,
  'inspect-agrees': inspectAgrees,
  'saved-plan': savedPlan,
  'load-modules': loadModules,
  'platform-facts': platformFacts,
  'tree-names': treeNames,
  'raw-virtio-mmio': rawVirtioMmio,
  'raw-level-interrupt': rawLevelInterrupt,
  'lockstep-smmu-platform': lockstepSmmuPlatform,
  'raw-midway': rawMidway,
  'raw-reset': rawReset,
  'reset-plugin': resetPlugin,
  'reset-after-crash': resetAfterCrash,
  'virtio-mmio': virtioMmio,
  midway,
  'smmu-platform': smmuPlatform,
  'smmu-plugin': smmuPlugin,
  'smmu-plugin-platform': smmuPluginPlatform,
  'smmu-not-coherent': smmuNotCoherent,
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
void main()
  .catch(console.error)
  .finally(() => process.exit());
