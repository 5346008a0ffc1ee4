/** Scenarios that talk to the kernel themselves. They run while there is no command to install. */
export const RAW_SCENARIOS: readonly string[] = ['raw-smoke', 'raw-testpmd'];

/** Every scenario by name. One that ends in `-bench` measures and asserts nothing. */
export const SCENARIOS: readonly string[] = [...RAW_SCENARIOS, 'map-bench'];
