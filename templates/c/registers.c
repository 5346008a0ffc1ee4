/*
 * ---- Registers of a device ------------------------------------------------------------------------------------------
 *
 * vfio-pci hands the bytes on as they are on the bus, so theirs is the register's order. vfio-platform reads a number, which
 * takes the register for little-endian, and copies it as the CPU keeps numbers: on a big-endian CPU both turn.
 */

#define HOST_IS_LITTLE_ENDIAN (__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__)

static bool little_endian_data(const struct reg *reg)
{
    bool little_register = !reg->big_endian;
    return buses[reg->device] == PCI ? little_register : little_register == HOST_IS_LITTLE_ENDIAN;
}

/* A part of a register that is one access of the bus: a platform device's of 8 bytes is two of 4, the lower one first. */
struct part {
    unsigned at;    /* In bytes. */
    unsigned bytes;
    unsigned shift; /* By how many bits it stands in the value. */
};

static unsigned parts_of(const struct reg *reg, struct part parts[2])
{
    if (reg->width != 8 || buses[reg->device] == PCI) {
        parts[0] = (struct part){ 0, reg->width, 0 };
        return 1;
    }
    parts[0] = (struct part){ 0, 4, reg->big_endian ? 32 : 0 };
    parts[1] = (struct part){ 4, 4, reg->big_endian ? 0 : 32 };
    return 2;
}

/* The region of a register that can be accessed as one; NULL with a complaint. */
static const struct known_region *region_for(const struct reg *reg, uint32_t needed)
{
    const struct known_region *region = region_of(reg->device, reg->index);
    if (region == NULL)
        return NULL;
    if (reg->width > region->size || reg->offset > region->size - reg->width)
        refuse("register 0x%" PRIx64 " of region %" PRIu32 " is not inside its 0x%" PRIx64 " bytes", reg->offset,
               reg->index, region->size);
    else if (reg->offset % reg->width != 0)
        refuse("register 0x%" PRIx64 " of region %" PRIu32 " is not aligned: the kernel would make several accesses of it",
               reg->offset, reg->index);
    else if (!(region->flags & needed))
        refuse("VFIO does not let region %" PRIu32 " be %s", reg->index, needed == REGION_FLAG_READ ? "read" : "written");
    else
        return region;
    return NULL;
}

static bool read_register(const struct reg *reg, uint64_t *value)
{
    const struct known_region *region = region_for(reg, REGION_FLAG_READ);
    int fd = region ? fd_of(reg->device) : -1;
    if (fd < 0)
        return false;
    struct part parts[2];
    unsigned count = parts_of(reg, parts);
    *value = 0;
    for (unsigned i = 0; i < count; i++) {
        uint8_t data[8];
        off_t offset = (off_t)(region->offset + reg->offset + parts[i].at);
        ssize_t got = pread(fd, data, parts[i].bytes, offset);
        if (got < 0) {
            refuse_errno("pread", handle_names[reg->device]);
            return false;
        }
        if ((size_t)got != parts[i].bytes) {
            refuse("%s: %zd of %u bytes came back", reg->name, got, parts[i].bytes);
            return false;
        }
        uint64_t part = 0;
        for (unsigned k = 0; k < parts[i].bytes; k++)
            part = part << 8 | data[little_endian_data(reg) ? parts[i].bytes - 1 - k : k];
        *value |= part << parts[i].shift;
    }
    return true;
}

static bool write_register(const struct reg *reg, uint64_t value)
{
    const struct known_region *region = region_for(reg, REGION_FLAG_WRITE);
    int fd = region ? fd_of(reg->device) : -1;
    if (fd < 0)
        return false;
    if (reg->width < 8 && value >> (8 * reg->width) != 0) {
        refuse("0x%" PRIx64 " does not fit the %u bytes of %s", value, reg->width, reg->name);
        return false;
    }
    struct part parts[2];
    unsigned count = parts_of(reg, parts);
    for (unsigned i = 0; i < count; i++) {
        uint8_t data[8];
        off_t offset = (off_t)(region->offset + reg->offset + parts[i].at);
        for (unsigned k = 0; k < parts[i].bytes; k++)
            data[little_endian_data(reg) ? k : parts[i].bytes - 1 - k] = (uint8_t)(value >> (parts[i].shift + 8 * k));
        ssize_t written = pwrite(fd, data, parts[i].bytes, offset);
        if (written >= 0 && (size_t)written != parts[i].bytes) {
            written = -1;
            errno = EIO;
        }
        if (written < 0) {
            refuse_errno("pwrite", handle_names[reg->device]);
            return false;
        }
    }
    return true;
}

/* Whether the condition of a step holds: 1, 0, or -1 with a complaint. A step without one is always carried out. */
static int applies(const struct step *step)
{
    const struct condition *when = step->access.when;
    uint64_t value;
    if (when == NULL)
        return 1;
    if (!read_register(&when->reg, &value))
        return -1;
    return (value & when->mask) == when->equals;
}

static enum outcome write_region(const struct step *step)
{
    int applying = applies(step);
    if (applying <= 0)
        return applying < 0 ? FAILED : DONE;
    return write_register(&step->access.reg, step->access.value) ? DONE : FAILED;
}

static enum outcome modify_region(const struct step *step)
{
    int applying = applies(step);
    uint64_t before;
    if (applying <= 0)
        return applying < 0 ? FAILED : DONE;
    if (!read_register(&step->access.reg, &before))
        return FAILED;
    return write_register(&step->access.reg, (before & ~step->access.mask) | step->access.value) ? DONE : FAILED;
}

static bool matches(const struct step *step, uint64_t value)
{
    return (value & step->access.mask) == step->access.value;
}

static enum outcome mismatch(const struct step *step, uint64_t value, const char *what)
{
    refuse("%s of %s reads 0x%" PRIx64 "; \"%s\" %s", step->access.reg.name, handle_names[step->access.reg.device], value,
           step->access.action, what);
    return step->access.warn ? WARNED : FAILED;
}

static enum outcome expect_region(const struct step *step)
{
    int applying = applies(step);
    uint64_t value;
    if (applying <= 0)
        return applying < 0 ? FAILED : DONE;
    if (!read_register(&step->access.reg, &value))
        return FAILED;
    return matches(step, value) ? DONE : mismatch(step, value, "must hold");
}

/* Reads until the bits are as they have to be. The last look is after the time is up: a slow machine is no slow device. */
static enum outcome poll_region(const struct step *step)
{
    int applying = applies(step);
    uint64_t value, waited = 0, limit = (uint64_t)step->access.timeout_ms * 1000;
    if (applying <= 0)
        return applying < 0 ? FAILED : DONE;
    for (;; waited += step->access.interval_us) {
        if (!read_register(&step->access.reg, &value))
            return FAILED;
        if (matches(step, value))
            return DONE;
        if (waited >= limit)
            return mismatch(step, value, "did not come in time");
        pause_us(step->access.interval_us);
    }
}

static enum outcome delay(const struct step *step)
{
    pause_us(step->microseconds);
    return DONE;
}
