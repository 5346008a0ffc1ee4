import { defineDiagnostic, type DomainContext, type PluginLaw, rangeText } from 'vfio-compose/plugin';
import { msiWindow } from '../window.ts';

export const smmuDoorbellsFit = defineDiagnostic({
  code: 'smmu-doorbells-fit',
  severity: 'note',
  category: 'manifest',
  summary: 'Room for the doorbells of MSIs is reserved already',
  explanation: `\`msi: {banks: N}\` leaves room for N doorbells of message-signalled interrupts in the addresses of the devices.
Behind an SMMU the kernel keeps a window for them and maps each doorbell there when an interrupt is allocated, one page of
the host for each (iommu_dma_get_msi_page in drivers/iommu/dma-iommu.c); devices that share an ITS or a GICv2m frame share
its page. As many as the manifest asks for fit, and nothing else has to be reserved. The key can be left out.`,
});

export const smmuTooManyDoorbells = defineDiagnostic({
  code: 'smmu-too-many-doorbells',
  severity: 'error',
  category: 'manifest',
  summary: 'More doorbells of MSIs than the window has pages',
  explanation: `\`msi: {banks: N}\` leaves room for N doorbells of message-signalled interrupts. Behind an SMMU each takes one
page of the host in a window of 1 MiB: 256 of 4 KiB, 16 of 64 KiB. The kernel chooses the place and the size of the window,
and VFIO type 1 cannot change either.

Count doorbells, not devices: devices that share an ITS or a GICv2m frame share its page. A kernel with smaller pages has
room for more.`,
});

/**
 * What `msi: banks` means behind an SMMU (R-PAMU-5 asks no more of its user). It stands for the law of the same name of the
 * plugin that this one builds on, which knows no window.
 */
export const msiDoorbellsLaw: PluginLaw<DomainContext> = {
  id: 'msi-banks-not-applicable',
  reports: [smmuDoorbellsFit, smmuTooManyDoorbells],
  check(context) {
    const { vm, host } = context;
    const { banks, at } = vm.msi;
    const window = banks > 0 ? msiWindow(context) : null;
    if (!window) return [];
    const page = host.inventory.kernel.pageSize;
    const room = Number((window.last - window.first + 1n) / BigInt(page));
    const place = `the MSI window ${rangeText(window)} has ${room} pages of ${page} bytes`;
    if (banks > room) {
      const detail = `${vm.name} asks for room for ${banks} doorbells, and ${place}, one for each. Ask for ${room} at most; devices that share an MSI controller share its doorbell.`;
      return [smmuTooManyDoorbells({ detail, at })];
    }
    const detail = `${vm.name} asks for room for ${banks} doorbell${banks > 1 ? 's' : ''}: ${place}, and the kernel maps them there by itself. Nothing else is reserved.`;
    return [smmuDoorbellsFit({ detail, at })];
  },
};
