/* ---- Memory and eventfds -------------------------------------------------------------------------------------------- */

/* Values of the kernel's interface, for C libraries that are older than it. */
#define MEMFD_CLOEXEC 1u
#define MEMFD_HUGETLB 4u
/* The page size as a power of two stands in the high bits of the flags. */
#define HUGE_PAGE_SHIFT 26

static unsigned huge_page_bits(uint64_t page_size)
{
    return (unsigned)(63 - __builtin_clzll(page_size)) << HUGE_PAGE_SHIFT;
}

/* Of this process, with which the limit goes. */
static enum outcome set_memlock_limit(const struct step *step)
{
    struct rlimit limit = { .rlim_cur = step->limit.soft, .rlim_max = step->limit.hard };
    return setrlimit(RLIMIT_MEMLOCK, &limit) == 0 ? DONE : refuse_errno("setrlimit", "RLIMIT_MEMLOCK");
}

static enum outcome create_memfd(const struct step *step)
{
    const char *name = handle_names[step->memory.handle];
    unsigned flags = MEMFD_CLOEXEC;
    if (step->memory.page_size != 0)
        flags |= MEMFD_HUGETLB | huge_page_bits(step->memory.page_size);
#ifdef SYS_memfd_create
    fds[step->memory.handle] = (int)syscall(SYS_memfd_create, name, flags);
#else
    (void)flags;
    errno = ENOSYS;
#endif
    return fds[step->memory.handle] < 0 ? refuse_errno("memfd_create", name) : DONE;
}

static enum outcome resize_memfd(const struct step *step)
{
    int fd = fd_of(step->memory.handle);
    if (fd < 0)
        return FAILED;
    if (ftruncate(fd, (off_t)step->memory.size) == 0)
        return DONE;
    return refuse_errno("ftruncate", handle_names[step->memory.handle]);
}

static enum outcome allocate_memory(const struct step *step)
{
    int flags = MAP_PRIVATE | MAP_ANONYMOUS, fd = -1;
    const char *name = handle_names[step->memory.handle];
    if (step->memory.size > SIZE_MAX)
        return refuse("%s does not fit the address space of this program", name);
    if (step->memory.memfd != NO_HANDLE) {
        /* A memfd of huge pages has them already; asking mmap for them again is refused. */
        flags = MAP_SHARED;
        fd = fd_of(step->memory.memfd);
        if (fd < 0)
            return FAILED;
    } else if (step->memory.page_size != 0) {
        flags |= (int)(MAP_HUGETLB | huge_page_bits(step->memory.page_size));
    }
    void *address = mmap(NULL, (size_t)step->memory.size, PROT_READ | PROT_WRITE, flags, fd, 0);
    if (address == MAP_FAILED)
        return refuse_errno("mmap", name);
    /* Pages that devices reach must stay this process's own when a helper is started. */
    madvise(address, (size_t)step->memory.size, MADV_DONTFORK);
    addresses[step->memory.handle] = address;
    return DONE;
}

static enum outcome free_memory(const struct step *step)
{
    int handle = step->memory.handle;
    if (addresses[handle] == NULL)
        return refuse("%s is not allocated", handle_names[handle]);
    if (munmap(addresses[handle], (size_t)step->memory.size) < 0)
        return refuse_errno("munmap", handle_names[handle]);
    addresses[handle] = NULL;
    return DONE;
}

static enum outcome map_dma(const struct step *step)
{
    if (addresses[step->mapping.memory] == NULL)
        return refuse("%s is not allocated", handle_names[step->mapping.memory]);
    struct dma_map map = {
        .argsz = sizeof map,
        .flags = step->mapping.flags,
        .vaddr = (uintptr_t)addresses[step->mapping.memory] + step->mapping.offset,
        .iova = step->mapping.iova,
        .size = step->mapping.size,
    };
    return CALL(step->mapping.container, VFIO_IOMMU_MAP_DMA, &map) < 0 ? FAILED : DONE;
}

static enum outcome unmap_dma(const struct step *step)
{
    struct dma_unmap unmap = { .argsz = sizeof unmap, .iova = step->mapping.iova, .size = step->mapping.size };
    if (CALL(step->mapping.container, VFIO_IOMMU_UNMAP_DMA, &unmap) < 0)
        return FAILED;
    if (unmap.size != step->mapping.size)
        return refuse("the kernel unmapped 0x%" PRIx64 " bytes, the plan had mapped 0x%" PRIx64, unmap.size,
                      step->mapping.size);
    return DONE;
}

static enum outcome create_eventfd(const struct step *step)
{
    fds[step->handle] = eventfd(0, EFD_CLOEXEC);
    return fds[step->handle] < 0 ? refuse_errno("eventfd", handle_names[step->handle]) : DONE;
}

/* What is not open is closed, as after a crash. */
static enum outcome close_handle(const struct step *step)
{
    int fd = fds[step->handle];
    fds[step->handle] = -1;
    if (fd < 0 || close(fd) == 0)
        return DONE;
    return refuse_errno("close", handle_names[step->handle]);
}
