/* ---- Outcomes, and what handles stand for --------------------------------------------------------------------------- */

/*
 * WARNED: something to be told that does not stop the run. LOST: nobody can know any more what would take a step back; told as
 * something that did not come back, once. TAKEN: somebody else has changed what was to be put back, and it is left alone.
 */
enum outcome { DONE, WARNED, FAILED, LOST, TAKEN };

/* Why the last step was not DONE. */
static char complaint[4096];

__attribute__((format(printf, 1, 2))) static enum outcome refuse(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(complaint, sizeof complaint, format, arguments);
    va_end(arguments);
    return FAILED;
}

/* Of a system call that has just failed. */
static enum outcome refuse_errno(const char *call, const char *target)
{
    return refuse("%s on %s: %s", call, target, strerror(errno));
}

__attribute__((format(printf, 1, 2))) static void say(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fputc('\n', stderr);
}

static int fds[HANDLES];
static void *addresses[HANDLES];
static enum bus buses[HANDLES];

/* Where a region of a device begins in the device's file, and what may be done there. */
struct known_region {
    int device;
    uint32_t index;
    uint32_t flags;
    uint64_t size;
    uint64_t offset;
};
static struct known_region regions[REGIONS];
static size_t known_regions;

static void forget_handles(void)
{
    for (int handle = 0; handle < HANDLES; handle++)
        fds[handle] = -1;
}

/* -1, with a complaint, where it is not open. */
static int fd_of(int handle)
{
    if (fds[handle] < 0)
        refuse("%s is not open", handle_names[handle]);
    return fds[handle];
}

static const struct known_region *region_of(int device, uint32_t index)
{
    for (size_t i = 0; i < known_regions; i++)
        if (regions[i].device == device && regions[i].index == index)
            return &regions[i];
    refuse("region %" PRIu32 " of %s is not known", index, handle_names[device]);
    return NULL;
}

static void keep_region(const struct known_region *region)
{
    for (size_t i = 0; i < known_regions; i++) {
        if (regions[i].device == region->device && regions[i].index == region->index) {
            regions[i] = *region;
            return;
        }
    }
    if (known_regions < REGIONS)
        regions[known_regions++] = *region;
}

static void pause_us(uint64_t microseconds)
{
    struct timespec left = { (time_t)(microseconds / 1000000), (long)(microseconds % 1000000) * 1000 };
    while (nanosleep(&left, &left) < 0 && errno == EINTR)
        continue;
}
