import { defineDiagnostic, titleOf } from '../../model/index.ts';
import type { Rule } from './rule.ts';
import { everyDevice } from './shared/assignments.ts';

export const busNotSupported = defineDiagnostic({
  code: 'bus-not-supported',
  severity: 'error',
  category: 'host',
  summary: 'Devices of this bus cannot be assigned',
  explanation: `Devices of the PCI, platform and AMBA buses can be assigned. Those of two more are known, so that they can be refused
by name:

- **fsl-mc**, the objects behind the management complex of NXP's Layerscape (DPAA2). VFIO takes whole containers (a DPRC)
  there, bound to vfio-fsl-mc, and their objects follow;
- **cdx**, AMD's devices behind a CDX controller, which VFIO takes with vfio-cdx.

Both are assigned in ways of their own, which this version does not know.`,
});

/** Only devices of buses that a plan can be made for are assigned. */
export const busNotSupportedRule: Rule = {
  id: 'bus-not-supported',
  reports: [busNotSupported],
  check({ manifest }) {
    return everyDevice(manifest)
      .filter(({ bus }) => bus === 'fsl-mc' || bus === 'cdx')
      .map((entry) => {
        const detail = `${titleOf(entry)} is on the bus ${entry.bus}, whose devices cannot be assigned by this version: PCI, platform and AMBA devices can. Leave it out.`;
        return busNotSupported({ detail, at: entry.selectorAt });
      });
  },
};
