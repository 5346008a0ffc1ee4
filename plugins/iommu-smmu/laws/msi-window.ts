import { defineDiagnostic, type DomainContext, formatBytes, type PluginLaw, rangeText } from 'vfio-compose/plugin';
import { smmuOptions } from '../options.ts';
import { layoutOf, type WindowEffect } from '../window.ts';

export const smmuMemoryHole = defineDiagnostic({
  code: 'smmu-memory-hole',
  severity: 'note',
  category: 'manifest',
  summary: 'Guest memory has a hole where the SMMU has the doorbells of MSIs',
  explanation: `An SMMU translates message-signalled interrupts like any other write, so the kernel maps their doorbells into
the addresses of the devices: 0x8000000-0x80fffff, for both SMMU drivers of Linux (MSI_IOVA_BASE). The manifest asks for
\`msiWindow: hole\`: the memory is mapped around that window, in two parts, each at its own addresses.

What lies in the hole cannot be reached by the devices. The guest must not use it as memory for DMA either: leave the same
hole in what the virtual machine monitor gives the guest, or use \`msiWindow: move\`.`,
});

export const smmuMemoryMoved = defineDiagnostic({
  code: 'smmu-memory-moved',
  severity: 'note',
  category: 'manifest',
  summary: 'Guest memory is moved behind the doorbells of MSIs',
  explanation: `An SMMU translates message-signalled interrupts like any other write, so the kernel maps their doorbells into
the addresses of the devices: 0x8000000-0x80fffff, for both SMMU drivers of Linux (MSI_IOVA_BASE). The manifest asks for
\`msiWindow: move\`: what an entry of memory has on the window and behind it is mapped from the end of the window on. No
memory is lost, and the entry ends later than the manifest says.

The guest must see its memory at the same addresses: give the virtual machine monitor the mappings of the plan.`,
});

export const smmuMemoryStuck = defineDiagnostic({
  code: 'smmu-memory-stuck',
  severity: 'error',
  category: 'manifest',
  summary: 'There is no room for guest memory behind the doorbells of MSIs',
  explanation: `The manifest asks for \`msiWindow: move\`: what an entry of memory has on the window of MSI doorbells and
behind it is mapped from the end of the window on. Something else is at that place: another entry, a reserved region, or the
end of what the IOMMU translates.

Lower the size of the entry, move the other one, or use \`msiWindow: hole\`, which moves nothing.`,
});

/** What the option msiWindow does to the memory is said, and where it cannot be done it is refused. */
export const msiWindowLaw: PluginLaw<DomainContext> = {
  id: 'smmu-msi-window',
  reports: [smmuMemoryHole, smmuMemoryMoved, smmuMemoryStuck],
  check: (context) => layoutOf(context).effects.map((effect) => finding(effect, context)),
};

function finding(effect: WindowEffect, { vm, options }: DomainContext) {
  const { memory, window, to } = effect;
  const at = vm.memory[memory]?.iovaAt;
  const related = [{ message: `msiWindow: ${smmuOptions(options).msiWindow}`, at: vm.iommu.at }];
  const what = `Memory ${memory} of ${vm.name}`;
  switch (effect.kind) {
    case 'hole': {
      const detail = `${what} has a hole at the MSI window ${rangeText(window)}: the devices do not reach it there, and the guest must not use it for DMA.`;
      return smmuMemoryHole({ detail, at, related });
    }
    case 'moved': {
      const size = formatBytes(to.last - to.first + 1n);
      const detail = `The last ${size} of memory ${memory} of ${vm.name} are at ${rangeText(to)}, behind the MSI window ${rangeText(window)}. The guest must see them there.`;
      return smmuMemoryMoved({ detail, at, related });
    }
    case 'stuck': {
      const detail = `${what} cannot be moved to ${rangeText(to)}, behind the MSI window: ${effect.reason}. Lower its size, move what is there, or use "msiWindow: hole".`;
      return smmuMemoryStuck({ detail, at, related });
    }
  }
}
