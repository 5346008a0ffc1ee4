/*
 * Prints what a C compiler makes of the ioctls of a PAMU's container: the number of each, and the bytes of its argument for
 * given values. The test beside it holds our encoder against the output, ioctls.ppc.txt; `npm run test:kernel` compiles this
 * for big-endian PowerPC, runs it, and compares the file.
 *
 * Numbers and members are those of the vendors' include/uapi/linux/vfio.h; no header that can be installed has them.
 */
#include <linux/ioctl.h>
#include <linux/types.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#define VFIO_TYPE (';')
#define VFIO_BASE 100

struct pamu_attr {
	__u32 argsz;
	__u32 flags;
	__u32 attribute;
	union {
		struct {
			__u64 aperture_start;
			__u64 aperture_end;
		} geometry;
		__u32 windows;
	} info;
};

struct msi_bank_map {
	__u32 argsz;
	__u32 flags;
	__u32 msi_bank_index;
	__u64 iova;
};

struct msi_bank_unmap {
	__u32 argsz;
	__u32 flags;
	__u64 iova;
};

static void print(const char *name, int number, const void *argument, size_t size)
{
	const unsigned char *bytes = argument;

	printf("%s 0x%08x ", name, (unsigned int)_IO(VFIO_TYPE, VFIO_BASE + number));
	for (size_t at = 0; at < size; at++)
		printf("%02x", bytes[at]);
	printf("%s\n", size == 0 ? "-" : "");
}

/* The rest of a union, and what lies between members, is 0 here as it is in our buffers. */
#define CLEAR(it) (memset(&(it), 0, sizeof(it)), (it).argsz = sizeof(it))

int main(void)
{
	struct pamu_attr attr;
	struct msi_bank_map map;
	struct msi_bank_unmap unmap;

	print("count", 17, NULL, 0);

	CLEAR(attr);
	attr.attribute = 0;
	attr.info.geometry.aperture_start = 0x400000000ULL;
	attr.info.geometry.aperture_end = 0x43fffffffULL;
	print("set-geometry", 16, &attr, sizeof(attr));

	CLEAR(attr);
	attr.attribute = 0;
	print("get-geometry", 15, &attr, sizeof(attr));

	CLEAR(attr);
	attr.attribute = 1;
	attr.info.windows = 16;
	print("set-windows", 16, &attr, sizeof(attr));

	CLEAR(attr);
	attr.attribute = 1;
	print("get-windows", 15, &attr, sizeof(attr));

	CLEAR(map);
	map.flags = 1 << 1; /* VFIO_DMA_MAP_FLAG_WRITE */
	map.msi_bank_index = 2;
	map.iova = 0x434000000ULL;
	print("map-bank", 18, &map, sizeof(map));

	CLEAR(unmap);
	unmap.iova = 0x434000000ULL;
	print("unmap-bank", 19, &unmap, sizeof(unmap));
	return 0;
}
