import { defineDiagnostic, describeClass, titleOf } from '../../model/index.ts';
import type { Rule } from './rule.ts';
import { assignedDevices, isPciEntry } from './shared/assignments.ts';

export const notAnEndpoint = defineDiagnostic({
  code: 'not-an-endpoint',
  severity: 'error',
  category: 'host',
  summary: 'VFIO takes endpoints only',
  explanation: `vfio-pci refuses a function whose configuration header is not that of an endpoint
(vfio_pci_core_register_device() in drivers/vfio/pci/vfio_pci_core.c: EINVAL). A PCI bridge that a manifest names is
replaced by the endpoints below it; a CardBus bridge or a function with an unknown header cannot be given away.

Name the endpoint itself. A header type of 7f usually means that the device does not answer any more: look at the kernel
log, and reset or rescan it.`,
});

/** Only functions with an endpoint's header can be bound (R-GROUP-5, R-GROUP-4 for bridges). */
export const notAnEndpointRule: Rule = {
  id: 'not-an-endpoint',
  reports: [notAnEndpoint],
  check({ manifest }) {
    return assignedDevices(manifest)
      .filter(isPciEntry)
      .filter((entry) => entry.device.header !== 'endpoint')
      .map((entry) => {
        const detail = `${titleOf(entry)}, a ${describeClass(entry.device.class)}, has a ${entry.device.header} header, and VFIO takes endpoints only. Name an endpoint; if this one should be one, see whether the device still answers (kernel log, rescan).`;
        return notAnEndpoint({ detail, at: entry.selectorAt });
      });
  },
};
