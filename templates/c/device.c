/* ---- Devices -------------------------------------------------------------------------------------------------------- */

static enum outcome open_device(const struct step *step)
{
    int handle = step->open.handle, group = step->open.group;
    const char *name = step->open.device.address;
    int fd = fd_of(group);
    if (fd < 0)
        return FAILED;
    /* The kernel only reads it. */
    fds[handle] = ioctl(fd, VFIO_GROUP_GET_DEVICE_FD, name);
    if (fds[handle] < 0)
        return refuse_errno("VFIO_GROUP_GET_DEVICE_FD", name);
    buses[handle] = step->open.device.bus;
    return DONE;
}

static enum outcome check_device_info(const struct step *step)
{
    static const uint32_t bus_flags[] = { DEVICE_FLAG_PCI, DEVICE_FLAG_PLATFORM, DEVICE_FLAG_AMBA };
    const char *device = handle_names[step->info.device];
    struct device_info info = { .argsz = sizeof info };
    if (CALL(step->info.device, VFIO_DEVICE_GET_INFO, &info) < 0)
        return FAILED;
    /* The first of the flags that is set says the bus. */
    size_t bus = PCI;
    while (bus <= AMBA && !(info.flags & bus_flags[bus]))
        bus++;
    if (bus != (size_t)step->info.bus)
        return refuse("%s answers as a device of another bus than %s", device, bus_names[step->info.bus]);
    if ((step->info.regions != ANY && info.regions != step->info.regions) ||
        (step->info.irqs != ANY && info.irqs != step->info.irqs))
        return refuse("%s has %" PRIu32 " regions and %" PRIu32 " interrupts; its node in the device tree says %" PRId64
                      " and %" PRId64,
                      device, info.regions, info.irqs, step->info.regions, step->info.irqs);
    if (step->info.reset && !(info.flags & DEVICE_FLAG_RESET))
        return refuse("%s cannot be reset: the kernel has no reset handler for it", device);
    return DONE;
}

static enum outcome check_region_answer(const struct step *step, struct answer answer)
{
    const char *device = handle_names[step->region.device];
    struct region_info info;
    memcpy(&info, answer.data, sizeof info);
    struct walk walk = walk_of(answer, info.flags & REGION_FLAG_CAPS ? info.cap_offset : 0);
    uint16_t id;
    uint32_t at;
    int more;
    while ((more = next_capability(&walk, &id, &at)) > 0)
        continue;
    if (more < 0)
        return FAILED;
    if (info.size == 0)
        return refuse("%s has no region %" PRIu32, device, step->region.index);
    if (step->region.sized && info.size != step->region.size)
        return refuse("region %" PRIu32 " of %s has 0x%" PRIx64 " bytes; the device tree says 0x%" PRIx64,
                      step->region.index, device, info.size, step->region.size);
    uint32_t missing = step->region.flags & ~info.flags;
    if (missing != 0)
        return refuse("region %" PRIu32 " of %s does not allow%s%s%s", step->region.index, device,
                      missing & REGION_FLAG_READ ? " read" : "", missing & REGION_FLAG_WRITE ? " write" : "",
                      missing & REGION_FLAG_MMAP ? " mmap" : "");
    struct known_region region = { step->region.device, step->region.index, info.flags, info.size, info.offset };
    keep_region(&region);
    return DONE;
}

static enum outcome check_region_info(const struct step *step)
{
    const struct region_info fixed = { .index = step->region.index };
    struct answer answer;
    if (!ASK_INFO(&answer, step->region.device, VFIO_DEVICE_GET_REGION_INFO, &fixed))
        return FAILED;
    enum outcome outcome = check_region_answer(step, answer);
    free(answer.data);
    return outcome;
}

static enum outcome check_irq_info(const struct step *step)
{
    const char *device = handle_names[step->irq.device];
    struct irq_info info = { .argsz = sizeof info, .index = step->irq.index };
    if (CALL(step->irq.device, VFIO_DEVICE_GET_IRQ_INFO, &info) < 0)
        return FAILED;
    if (info.count < step->irq.count)
        return refuse("%s has %" PRIu32 " interrupts at index %" PRIu32 ", the plan connects %" PRIu32, device, info.count,
                      step->irq.index, step->irq.count);
    int level = (info.flags & IRQ_FLAG_AUTOMASKED) != 0;
    if (step->irq.level != ANY && level != step->irq.level)
        return refuse("interrupt %" PRIu32 " of %s is %s-triggered for the kernel, and not for the device tree",
                      step->irq.index, device, level ? "level" : "edge");
    return DONE;
}

/* A kernel that knows the tree must say what the tree says. */
static enum outcome check_devtree_info(const struct step *step)
{
    const struct devtree_info fixed = { .type = step->tree.type, .start = step->tree.index };
    struct answer answer;
    if (!ASK_INFO(&answer, step->tree.device, VFIO_DEVICE_GET_DEVTREE_INFO, &fixed))
        return FAILED;
    struct devtree_info info;
    memcpy(&info, answer.data, sizeof info);
    const char *path = (const char *)answer.data + sizeof info;
    size_t room = answer.room - sizeof info;
    enum outcome outcome = DONE;
    if (room == 0 || memchr(path, '\0', room) == NULL)
        outcome = refuse("a path without an end");
    else if (strcmp(path, step->tree.path) != 0 || info.index != step->tree.dt_index)
        outcome = refuse("%s %" PRIu32 " of %s is entry %" PRIu32 " of %s for the kernel, and entry %" PRIu32
                         " of %s in the tree that the plan was made from",
                         step->tree.type == 0 ? "region" : "interrupt", step->tree.index,
                         handle_names[step->tree.device], info.index, path, step->tree.dt_index, step->tree.path);
    free(answer.data);
    return outcome;
}

static enum outcome reset_device(const struct step *step)
{
    if (CALL_VALUE(step->reset.device, VFIO_DEVICE_RESET, 0) >= 0)
        return DONE;
    return step->reset.best_effort ? WARNED : FAILED;
}

/* Whoever resets a slot or a bus must hold every function on it. */
static enum outcome check_hit(const struct step *step, const struct dependent_device *hit)
{
    char address[32];
    snprintf(address, sizeof address, "%04x:%02x:%02x.%x", hit->segment, hit->bus, hit->devfn >> 3, hit->devfn & 7);
    for (size_t i = 0; i < step->reset.count; i++)
        if (strcmp(step->reset.owned[i], address) == 0)
            return DONE;
    return refuse("a hot reset of %s would also hit %s of group %" PRIu32 ", which this plan does not hold",
                  handle_names[step->reset.device], address, hit->group);
}

static enum outcome check_hot_reset(const struct step *step)
{
    struct hot_reset_info fixed = { .argsz = sizeof fixed };
    int fd = fd_of(step->reset.device);
    if (fd < 0)
        return FAILED;
    uint32_t room = sizeof fixed;
    unsigned char *answer = NULL;
    int result = ioctl(fd, VFIO_DEVICE_GET_PCI_HOT_RESET_INFO, &fixed);
    /* The one INFO call that fails for want of room; it says in `count` how much is needed. */
    if (result < 0 && errno == ENOSPC && fixed.count < MAX_INFO_SIZE / sizeof(struct dependent_device)) {
        room = (uint32_t)(sizeof fixed + fixed.count * sizeof(struct dependent_device));
        answer = calloc(1, room);
        if (answer == NULL)
            return refuse("no memory for an answer of %" PRIu32 " bytes", room);
        memcpy(answer, &room, sizeof room);
        result = ioctl(fd, VFIO_DEVICE_GET_PCI_HOT_RESET_INFO, answer);
        memcpy(&fixed, answer, sizeof fixed);
    }
    enum outcome outcome = DONE;
    if (result < 0)
        outcome = refuse_errno("VFIO_DEVICE_GET_PCI_HOT_RESET_INFO", handle_names[step->reset.device]);
    else if (fixed.count > (room - sizeof fixed) / sizeof(struct dependent_device))
        outcome = refuse("%" PRIu32 " devices do not fit the answer", fixed.count);
    for (uint32_t i = 0; outcome == DONE && i < fixed.count; i++) {
        struct dependent_device hit;
        memcpy(&hit, answer + sizeof fixed + i * sizeof hit, sizeof hit);
        outcome = check_hit(step, &hit);
    }
    free(answer);
    return outcome;
}

/* A struct with a descriptor for each of several handles behind it, to be freed; NULL with a complaint. */
static void *with_fds(const void *head, size_t size, const int *handles, size_t count)
{
    unsigned char *argument = calloc(1, size + count * sizeof(int));
    if (argument == NULL) {
        refuse("no memory for %zu descriptors", count);
        return NULL;
    }
    memcpy(argument, head, size);
    for (size_t i = 0; i < count; i++) {
        int fd = fd_of(handles[i]);
        if (fd < 0) {
            free(argument);
            return NULL;
        }
        memcpy(argument + size + i * sizeof fd, &fd, sizeof fd);
    }
    return argument;
}

static enum outcome hot_reset(const struct step *step)
{
    struct hot_reset head = { .count = (uint32_t)step->reset.count };
    head.argsz = (uint32_t)(sizeof head + step->reset.count * sizeof(int));
    void *argument = with_fds(&head, sizeof head, step->reset.groups, step->reset.count);
    int result = argument == NULL ? -1 : CALL(step->reset.device, VFIO_DEVICE_PCI_HOT_RESET, argument);
    free(argument);
    return result >= 0 ? DONE : step->reset.best_effort ? WARNED : FAILED;
}

/* Interrupts through eventfds, from the first on. */
static enum outcome set_irqs(const struct step *step)
{
    size_t count = step->irq.count;
    struct irq_set head = {
        .argsz = (uint32_t)(sizeof head + count * sizeof(int)),
        .flags = IRQ_SET_DATA_EVENTFD | IRQ_SET_TRIGGER,
        .index = step->irq.index,
        .count = (uint32_t)count,
    };
    void *argument = with_fds(&head, sizeof head, step->irq.eventfds, count);
    int available = argument == NULL ? -1 : CALL(step->irq.device, VFIO_DEVICE_SET_IRQS, argument);
    free(argument);
    if (available < 0)
        return FAILED;
    /* A count in the place of an error: fewer are there. */
    if (available > 0)
        return refuse("%zu interrupts asked for, %d available; none was enabled", count, available);
    return DONE;
}

/* The form with no data and a count of 0 is the only one that takes every interrupt of an index down. */
static enum outcome clear_irqs(const struct step *step)
{
    struct irq_set none = { sizeof none, IRQ_SET_DATA_NONE | IRQ_SET_TRIGGER, step->irq.index, 0, 0 };
    return CALL(step->irq.device, VFIO_DEVICE_SET_IRQS, &none) < 0 ? FAILED : DONE;
}

/* Each signal of the eventfd unmasks the interrupt, which the kernel masks when it delivers it; without one, none does. */
static enum outcome set_irq_unmask(const struct step *step)
{
    struct {
        struct irq_set head;
        int eventfd;
    } argument = { { sizeof argument, IRQ_SET_DATA_EVENTFD | IRQ_SET_UNMASK, step->irq.index, 0, 1 }, -1 };
    if (step->irq.eventfd != NO_HANDLE && (argument.eventfd = fd_of(step->irq.eventfd)) < 0)
        return FAILED;
    return CALL(step->irq.device, VFIO_DEVICE_SET_IRQS, &argument) < 0 ? FAILED : DONE;
}
