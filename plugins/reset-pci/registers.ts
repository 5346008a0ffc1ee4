import { defineRegisters } from 'vfio-compose/plugin';

/**
 * The command register: region 7 is the configuration space (VFIO_PCI_CONFIG_REGION_INDEX, include/uapi/linux/vfio.h), the
 * rest is PCI Local Bus Specification 3.0, 6.2.2, with the names of include/uapi/linux/pci_regs.h.
 */
export const reg = defineRegisters({
  PCI_COMMAND: { region: 7, offset: 4, width: 2, bits: { IO: 0x1, MEMORY: 0x2, MASTER: 0x4, INTX_DISABLE: 0x400 } },
});
