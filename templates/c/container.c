/* ---- Containers and groups ------------------------------------------------------------------------------------------ */

/* An ioctl whose failure is told by its name. */
static int call(int handle, const char *name, unsigned long number, void *argument)
{
    int fd = fd_of(handle);
    if (fd < 0)
        return -1;
    int result = ioctl(fd, number, argument);
    if (result < 0)
        refuse_errno(name, handle_names[handle]);
    return result;
}

/* The same with a plain number, or with nothing. */
static int call_value(int handle, const char *name, unsigned long number, unsigned long value)
{
    int fd = fd_of(handle);
    if (fd < 0)
        return -1;
    int result = ioctl(fd, number, value);
    if (result < 0)
        refuse_errno(name, handle_names[handle]);
    return result;
}

#define CALL(handle, request, argument) call(handle, #request, request, argument)
#define CALL_VALUE(handle, request, value) call_value(handle, #request, request, value)

static enum outcome open_as(int handle, const char *path)
{
    fds[handle] = open(path, O_RDWR | O_CLOEXEC);
    return fds[handle] < 0 ? refuse_errno("open", path) : DONE;
}

static enum outcome open_container(const struct step *step)
{
    return open_as(step->handle, "/dev/vfio/vfio");
}

static enum outcome open_group(const struct step *step)
{
    return open_as(step->group.handle, path_of("/dev/vfio/%" PRIu32, step->group.number).text);
}

/* The group of no-IOMMU mode gets its number when the device is bound, so its node is known only now. */
static enum outcome open_noiommu_group(const struct step *step)
{
    long group = group_of(step->group.device);
    if (group < 0)
        return refuse("%s has no group: it is not bound to VFIO", step->group.device.address);
    return open_as(step->group.handle, noiommu_node(group).text);
}

static enum outcome check_api_version(const struct step *step)
{
    int version = CALL_VALUE(step->handle, VFIO_GET_API_VERSION, 0);
    if (version < 0)
        return FAILED;
    return version == 0 ? DONE : refuse("the kernel speaks VFIO API version %d, not 0", version);
}

static enum outcome check_extension(const struct step *step)
{
    int answer = CALL_VALUE(step->iommu.container, VFIO_CHECK_EXTENSION, step->iommu.extension);
    if (answer < 0)
        return FAILED;
    if (answer == 0)
        return refuse("the kernel does not offer the IOMMU model %s (extension %" PRIu32 "): its module is not loaded, or "
                      "it was built without, or its mode is off",
                      step->iommu.model, step->iommu.extension);
    return DONE;
}

static enum outcome check_group_viable(const struct step *step)
{
    struct group_status status = { .argsz = sizeof status };
    if (CALL(step->handle, VFIO_GROUP_GET_STATUS, &status) < 0)
        return FAILED;
    if (!(status.flags & GROUP_FLAG_VIABLE))
        return refuse("%s is not viable: a member is bound to a host driver", handle_names[step->handle]);
    if (status.flags & GROUP_FLAG_CONTAINER_SET)
        return refuse("%s is in a container already", handle_names[step->handle]);
    return DONE;
}

static enum outcome set_container(const struct step *step)
{
    int container = fd_of(step->join.container);
    if (container < 0)
        return FAILED;
    return CALL(step->join.group, VFIO_GROUP_SET_CONTAINER, &container) < 0 ? FAILED : DONE;
}

static enum outcome unset_container(const struct step *step)
{
    return CALL_VALUE(step->handle, VFIO_GROUP_UNSET_CONTAINER, 0) < 0 ? FAILED : DONE;
}

static enum outcome set_iommu(const struct step *step)
{
    return CALL_VALUE(step->iommu.container, VFIO_SET_IOMMU, step->iommu.extension) < 0 ? FAILED : DONE;
}

/* What a member holds, in the byte order of this machine. */
static uint64_t get_member(const unsigned char *at, unsigned width)
{
    uint8_t byte;
    uint16_t half;
    uint32_t word;
    uint64_t whole;
    switch (width) {
    case 1: memcpy(&byte, at, 1); return byte;
    case 2: memcpy(&half, at, 2); return half;
    case 4: memcpy(&word, at, 4); return word;
    default: memcpy(&whole, at, 8); return whole;
    }
}

static void put_member(unsigned char *at, unsigned width, uint64_t value)
{
    uint8_t byte = (uint8_t)value;
    uint16_t half = (uint16_t)value;
    uint32_t word = (uint32_t)value;
    switch (width) {
    case 1: memcpy(at, &byte, 1); break;
    case 2: memcpy(at, &half, 2); break;
    case 4: memcpy(at, &word, 4); break;
    default: memcpy(at, &value, 8); break;
    }
}

/* As many members as a step may have, of the widest kind. */
#define CALL_ARGUMENT_BYTES (64 * 8)

/* An ioctl of an IOMMU backend that is not of the mainline kernel: its members lie one behind the other. */
static enum outcome container_ioctl(const struct step *step)
{
    _Alignas(8) unsigned char argument[CALL_ARGUMENT_BYTES] = { 0 };
    const char *request = step->call.request, *container = handle_names[step->call.container];
    unsigned long number = VFIO_CALL(step->call.number);
    size_t at = 0;
    for (size_t i = 0; i < step->call.count; i++) {
        put_member(argument + at, step->call.members[i].width, step->call.members[i].value);
        at += step->call.members[i].width;
    }
    int returned = step->call.count > 0 ? call(step->call.container, request, number, argument)
                                        : call_value(step->call.container, request, number, 0);
    if (returned < 0)
        return FAILED;
    if (step->call.at_least == ZERO && returned != 0)
        return refuse("%s on %s returned %d; the plan needs 0", request, container, returned);
    if (step->call.at_least != ZERO && returned < step->call.at_least)
        return refuse("%s on %s returned %d; the plan needs at least %d", request, container, returned, step->call.at_least);
    at = 0;
    for (size_t i = 0; i < step->call.count; i++) {
        const struct ioctl_member *member = &step->call.members[i];
        uint64_t value = get_member(argument + at, member->width);
        at += member->width;
        if (member->expects && value != member->expected)
            return refuse("%s on %s left 0x%" PRIx64 " in %s; the plan needs 0x%" PRIx64, request, container, value,
                          member->name, member->expected);
    }
    return DONE;
}
