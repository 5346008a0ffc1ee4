/**
 * The methods that `reset_method` may list, in words (pci_reset_fn_methods in drivers/pci/pci.c,
 * Documentation/ABI/testing/sysfs-bus-pci). A slot has no name of its own there: `bus` tries it first
 * (pci_reset_bus_function).
 */
const IN_WORDS: Readonly<Record<string, string>> = {
  device_specific: 'a sequence that the kernel knows for this very device',
  acpi: "the firmware's _RST",
  flr: 'the function-level reset of PCI Express',
  af_flr: 'the function-level reset of conventional PCI',
  pm: 'to D3hot and back',
  bus: 'the bus or slot, on which it is alone',
  cxl_bus: 'the CXL bus, on which it is alone',
};

/** What the inventory writes for a kernel that has `reset` and no `reset_method`: before Linux 5.15. */
export const UNKNOWN = 'unknown';

/** What VFIO_DEVICE_RESET comes to: the methods in the kernel's order, each with what it is. */
export function explain(methods: readonly string[]): string {
  if (methods.includes(UNKNOWN)) return 'the kernel has a reset for it; which one, it says from Linux 5.15 on';
  const steps = methods.map((method) => {
    const words = IN_WORDS[method];
    return words === undefined ? method : `${method} (${words})`;
  });
  return `the kernel tries ${steps.join(', then ')}`;
}
