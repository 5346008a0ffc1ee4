import { defineDiagnostic, type DomainContext, type PluginLaw } from 'vfio-compose/plugin';

export const pamuMsiWithoutBank = defineDiagnostic({
  code: 'pamu-msi-without-bank',
  severity: 'error',
  category: 'manifest',
  summary: 'There is no room for the doorbells of interrupts',
  explanation: `A message-signalled interrupt is a write of the device to a register of an MSI bank. Behind a PAMU that write goes through
a window as every other one, so a bank must be mapped before the kernel can give out a vector of it: VFIO_DEVICE_SET_IRQS fails
with EINVAL otherwise. \`msi: {banks: N}\` leaves the room. One bank has 256 vectors for all devices of the machine, and which of
the banks a vector comes from is the kernel's choice, so ask for all that the machine has.`,
});

/** Who wants MSIs leaves room for banks (R-PAMU-2, R-PAMU-5). */
export const msiWithoutBank: PluginLaw<DomainContext> = {
  id: 'pamu-msi-without-bank',
  reports: [pamuMsiWithoutBank],
  *check({ vm }) {
    if (vm.msi.banks > 0) return;
    for (const entry of vm.devices) {
      if (entry.bus !== 'pci' || entry.use !== 'assign') continue;
      const wanted = entry.irqs.find(({ index }) => index === 'msi' || index === 'msix');
      if (!wanted) continue;
      const detail = `${entry.name} of ${vm.name} wants ${wanted.index === 'msix' ? 'MSI-X' : 'MSI'}, whose doorbells are MSI banks, and no room is left for one. Add "msi: {banks: 3}", or use "intx".`;
      yield pamuMsiWithoutBank({ detail, at: wanted.at });
    }
  },
};
