/** What the harness has to know of a scenario before it boots a guest for it. */
export interface ScenarioFacts {
  readonly name: string;
  /** Uses the installed command; the others talk to the kernel themselves. */
  readonly needsCommand: boolean;
  /** Runs only when asked for by name: it measures, or needs a machine of its own. */
  readonly onRequest: boolean;
  /** The machines that have what it is about, by name. */
  readonly machines: readonly string[];
}

/** Machines with PCI devices behind an IOMMU. */
const PCI = ['intel', 'amd', 'smmuv3'];
/** Of those the ones whose root has a shell, and on which thirty commands do not take ten minutes. */
const X86 = ['intel', 'amd'];
/** Machines whose platform devices nothing isolates. */
const PLATFORM = ['arm64-platform', 'midway'];
/** Machines whose platform devices have an SMMU: one that VFIO takes, and one that does not see the caches. */
const SMMU_PLATFORM = 'arm64-smmu-platform';
const NOT_COHERENT = 'arm64-smmu-not-coherent';

/** Every scenario, in the order in which a guest runs them. */
export const SCENARIOS: readonly ScenarioFacts[] = [
  { name: 'raw-smoke', needsCommand: false, onRequest: false, machines: PCI },
  { name: 'raw-testpmd', needsCommand: false, onRequest: false, machines: PCI },
  { name: 'raw-hot-reset', needsCommand: false, onRequest: false, machines: PCI },
  { name: 'lockstep', needsCommand: false, onRequest: false, machines: ['amd'] },
  { name: 'lockstep-whole', needsCommand: false, onRequest: false, machines: ['intel-icount', 'smmuv3-icount'] },
  { name: 'up-and-down', needsCommand: true, onRequest: false, machines: PCI },
  { name: 'kernel-errors', needsCommand: true, onRequest: false, machines: PCI },
  { name: 'handoff-bind-testpmd', needsCommand: true, onRequest: false, machines: PCI },
  { name: 'plan-equals-capture', needsCommand: true, onRequest: false, machines: PCI },
  { name: 'hot-reset', needsCommand: true, onRequest: false, machines: PCI },
  { name: 'everything-held', needsCommand: true, onRequest: false, machines: PCI },
  { name: 'reservations', needsCommand: true, onRequest: false, machines: X86 },
  { name: 'foreground', needsCommand: true, onRequest: false, machines: PCI },
  { name: 'kill-at-each-step', needsCommand: false, onRequest: false, machines: ['intel-endurance'] },
  { name: 'soak', needsCommand: false, onRequest: false, machines: ['intel-icount'] },
  { name: 'supervised', needsCommand: true, onRequest: false, machines: X86 },
  { name: 'emitted-c', needsCommand: true, onRequest: false, machines: ['intel', 'smmuv3'] },
  { name: 'without-root', needsCommand: true, onRequest: false, machines: PCI },
  { name: 'inspect-agrees', needsCommand: true, onRequest: false, machines: PCI },
  { name: 'saved-plan', needsCommand: true, onRequest: false, machines: PCI },
  { name: 'load-modules', needsCommand: true, onRequest: false, machines: PCI },
  { name: 'platform-facts', needsCommand: true, onRequest: false, machines: PLATFORM },
  { name: 'tree-names', needsCommand: false, onRequest: false, machines: ['smmuv3', ...PLATFORM, SMMU_PLATFORM] },
  { name: 'raw-virtio-mmio', needsCommand: false, onRequest: false, machines: ['arm64-platform'] },
  { name: 'raw-level-interrupt', needsCommand: false, onRequest: false, machines: ['arm64-platform'] },
  { name: 'lockstep-platform', needsCommand: false, onRequest: false, machines: ['arm64-platform'] },
  { name: 'lockstep-smmu-platform', needsCommand: false, onRequest: false, machines: [SMMU_PLATFORM] },
  { name: 'raw-reset', needsCommand: false, onRequest: false, machines: ['midway-no-reset'] },
  { name: 'raw-midway', needsCommand: false, onRequest: false, machines: ['midway'] },
  { name: 'virtio-mmio', needsCommand: true, onRequest: false, machines: ['arm64-platform'] },
  { name: 'midway', needsCommand: true, onRequest: false, machines: ['midway'] },
  { name: 'reset-plugin', needsCommand: false, onRequest: false, machines: ['midway'] },
  { name: 'reset-after-crash', needsCommand: true, onRequest: false, machines: ['midway-no-reset'] },
  { name: 'smmu-plugin', needsCommand: true, onRequest: false, machines: ['smmuv3'] },
  { name: 'smmu-plugin-platform', needsCommand: false, onRequest: false, machines: [SMMU_PLATFORM] },
  { name: 'smmu-platform', needsCommand: true, onRequest: false, machines: [SMMU_PLATFORM] },
  { name: 'smmu-not-coherent', needsCommand: true, onRequest: false, machines: [NOT_COHERENT] },
  { name: 'map-bench', needsCommand: false, onRequest: true, machines: PCI },
  { name: 'example', needsCommand: true, onRequest: true, machines: [] },
];
