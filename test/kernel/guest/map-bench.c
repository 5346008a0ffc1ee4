/*
 * map-bench GROUP PAGES: maps PAGES pages of 4 KiB one by one at consecutive addresses and unmaps them again, last
 * first, and prints the nanoseconds of both loops as JSON: the ioctls of the runtime, in its order, on memory that was
 * allocated as the runtime does and has not been touched. The group's devices are on VFIO already; none is opened.
 */
#include <err.h>
#include <fcntl.h>
#include <linux/vfio.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <time.h>

#define PAGE 4096UL
#define IOVA 0x40000000UL

static uint64_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000ULL + t.tv_nsec;
}

int main(int argc, char **argv)
{
	char path[64];
	unsigned long pages, i;
	uint64_t start, mapped, unmapped;

	if (argc != 3)
		errx(2, "usage: map-bench GROUP PAGES");
	pages = strtoul(argv[2], NULL, 10);
	snprintf(path, sizeof(path), "/dev/vfio/%s", argv[1]);
	int container = open("/dev/vfio/vfio", O_RDWR);
	int group = open(path, O_RDWR);
	if (container < 0 || group < 0)
		err(1, "open");
	if (ioctl(group, VFIO_GROUP_SET_CONTAINER, &container))
		err(1, "SET_CONTAINER");
	if (ioctl(container, VFIO_SET_IOMMU, VFIO_TYPE1v2_IOMMU))
		err(1, "SET_IOMMU");
	char *memory = mmap(NULL, pages * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (memory == MAP_FAILED)
		err(1, "mmap");
	start = now();
	for (i = 0; i < pages; i++) {
		struct vfio_iommu_type1_dma_map map = {
			.argsz = sizeof(map), .flags = VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE,
			.vaddr = (uintptr_t)memory + i * PAGE, .iova = IOVA + i * PAGE, .size = PAGE,
		};
		if (ioctl(container, VFIO_IOMMU_MAP_DMA, &map))
			err(1, "MAP_DMA %lu", i);
	}
	mapped = now();
	for (i = pages; i-- > 0;) {
		struct vfio_iommu_type1_dma_unmap unmap = {
			.argsz = sizeof(unmap), .iova = IOVA + i * PAGE, .size = PAGE,
		};
		if (ioctl(container, VFIO_IOMMU_UNMAP_DMA, &unmap))
			err(1, "UNMAP_DMA %lu", i);
	}
	unmapped = now();
	printf("{\"pages\":%lu,\"mapNanoseconds\":%llu,\"unmapNanoseconds\":%llu}\n", pages,
	       (unsigned long long)(mapped - start), (unsigned long long)(unmapped - mapped));
	return 0;
}
