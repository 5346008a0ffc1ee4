#define _GNU_SOURCE
#define _FILE_OFFSET_BITS 64

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/*
 * ---- What VFIO's header says (include/uapi/linux/vfio.h), for targets that are older than it -------------------------
 *
 * All numbers are _IO(VFIO_TYPE, VFIO_BASE + n): the target's own _IO puts the right direction bits in. The same number
 * means different things on a container, a group and a device.
 */

#define VFIO_CALL(n) _IO(';', 100 + (n))

/* On a container. */
#define VFIO_GET_API_VERSION VFIO_CALL(0)
#define VFIO_CHECK_EXTENSION VFIO_CALL(1)
#define VFIO_SET_IOMMU VFIO_CALL(2)
#define VFIO_IOMMU_GET_INFO VFIO_CALL(12)
#define VFIO_IOMMU_MAP_DMA VFIO_CALL(13)
#define VFIO_IOMMU_UNMAP_DMA VFIO_CALL(14)
/* On a group. */
#define VFIO_GROUP_GET_STATUS VFIO_CALL(3)
#define VFIO_GROUP_SET_CONTAINER VFIO_CALL(4)
#define VFIO_GROUP_UNSET_CONTAINER VFIO_CALL(5)
#define VFIO_GROUP_GET_DEVICE_FD VFIO_CALL(6)
/* On a device. */
#define VFIO_DEVICE_GET_INFO VFIO_CALL(7)
#define VFIO_DEVICE_GET_REGION_INFO VFIO_CALL(8)
#define VFIO_DEVICE_GET_IRQ_INFO VFIO_CALL(9)
#define VFIO_DEVICE_SET_IRQS VFIO_CALL(10)
#define VFIO_DEVICE_RESET VFIO_CALL(11)
#define VFIO_DEVICE_GET_PCI_HOT_RESET_INFO VFIO_CALL(12)
#define VFIO_DEVICE_PCI_HOT_RESET VFIO_CALL(13)
/* Proposed and never merged: planned only for a kernel that is known to have it. */
#define VFIO_DEVICE_GET_DEVTREE_INFO VFIO_CALL(16)

#define GROUP_FLAG_VIABLE 1u
#define GROUP_FLAG_CONTAINER_SET 2u
#define INFO_FLAG_PAGE_SIZES 1u
#define INFO_FLAG_CAPS 2u
#define INFO_CAP_IOVA_RANGES 1u
#define INFO_CAP_DMA_AVAIL 3u
#define MAP_FLAG_READ 1u
#define MAP_FLAG_WRITE 2u
#define DEVICE_FLAG_RESET 1u
#define DEVICE_FLAG_PCI 2u
#define DEVICE_FLAG_PLATFORM 4u
#define DEVICE_FLAG_AMBA 8u
#define REGION_FLAG_READ 1u
#define REGION_FLAG_WRITE 2u
#define REGION_FLAG_MMAP 4u
#define REGION_FLAG_CAPS 8u
#define IRQ_FLAG_AUTOMASKED 4u
#define IRQ_SET_DATA_NONE 1u
#define IRQ_SET_DATA_EVENTFD 4u
#define IRQ_SET_UNMASK 16u
#define IRQ_SET_TRIGGER 32u

/* Indices of the interrupts of a PCI function; those of other devices are positions. */
enum pci_irq { IRQ_INTX, IRQ_MSI, IRQ_MSIX, IRQ_ERR, IRQ_REQ };

struct cap_header {
    uint16_t id;
    uint16_t version;
    uint32_t next; /* From the start of the info struct; 0 ends the chain. */
};
static_assert(sizeof(struct cap_header) == 8, "struct vfio_info_cap_header");

struct group_status {
    uint32_t argsz;
    uint32_t flags;
};
static_assert(sizeof(struct group_status) == 8, "struct vfio_group_status");

struct iommu_info {
    uint32_t argsz;
    uint32_t flags;
    uint64_t page_sizes;
    uint32_t cap_offset;
    uint32_t pad;
};
static_assert(sizeof(struct iommu_info) == 24, "struct vfio_iommu_type1_info");

struct iova_range_cap {
    struct cap_header header;
    uint32_t count;
    uint32_t reserved;
};
static_assert(sizeof(struct iova_range_cap) == 16, "struct vfio_iommu_type1_info_cap_iova_range");

/* Both ends belong to it. */
struct iova_range {
    uint64_t first;
    uint64_t last;
};
static_assert(sizeof(struct iova_range) == 16, "struct vfio_iova_range");

struct dma_avail_cap {
    struct cap_header header;
    uint32_t available;
};
static_assert(sizeof(struct dma_avail_cap) == 12, "struct vfio_iommu_type1_info_dma_avail");

struct dma_map {
    uint32_t argsz;
    uint32_t flags;
    uint64_t vaddr;
    uint64_t iova;
    uint64_t size;
};
static_assert(sizeof(struct dma_map) == 32, "struct vfio_iommu_type1_dma_map");

struct dma_unmap {
    uint32_t argsz;
    uint32_t flags;
    uint64_t iova;
    uint64_t size; /* Also the answer: how much was mapped there. */
};
static_assert(sizeof(struct dma_unmap) == 24, "struct vfio_iommu_type1_dma_unmap");

struct device_info {
    uint32_t argsz;
    uint32_t flags;
    uint32_t regions;
    uint32_t irqs;
    uint32_t cap_offset;
    uint32_t pad;
};
static_assert(sizeof(struct device_info) == 24, "struct vfio_device_info");

struct region_info {
    uint32_t argsz;
    uint32_t flags;
    uint32_t index;
    uint32_t cap_offset;
    uint64_t size;
    uint64_t offset;
};
static_assert(sizeof(struct region_info) == 32, "struct vfio_region_info");

struct irq_info {
    uint32_t argsz;
    uint32_t flags;
    uint32_t index;
    uint32_t count;
};
static_assert(sizeof(struct irq_info) == 16, "struct vfio_irq_info");

/* The data follows it: one int for each eventfd. */
struct irq_set {
    uint32_t argsz;
    uint32_t flags;
    uint32_t index;
    uint32_t start;
    uint32_t count;
};
static_assert(sizeof(struct irq_set) == 20, "struct vfio_irq_set");

struct dependent_device {
    uint32_t group;
    uint16_t segment;
    uint8_t bus;
    uint8_t devfn;
};
static_assert(sizeof(struct dependent_device) == 8, "struct vfio_pci_dependent_device");

/* The devices follow it. */
struct hot_reset_info {
    uint32_t argsz;
    uint32_t flags;
    uint32_t count;
};
static_assert(sizeof(struct hot_reset_info) == 12, "struct vfio_pci_hot_reset_info");

/* The group descriptors follow it, an int each. */
struct hot_reset {
    uint32_t argsz;
    uint32_t flags;
    uint32_t count;
};
static_assert(sizeof(struct hot_reset) == 12, "struct vfio_pci_hot_reset");

/* The path follows it. */
struct devtree_info {
    uint32_t argsz;
    uint32_t flags;
    uint32_t index;
    uint32_t type;
    uint32_t start;
};
static_assert(sizeof(struct devtree_info) == 20, "the proposed struct vfio_devtree_info");
static_assert(sizeof(int) == 4, "descriptors are s32 for the kernel");
