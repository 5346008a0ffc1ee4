/* ---- What a step is ------------------------------------------------------------------------------------------------- */

/* A handle is a descriptor or an address that exists only at run time. */
#define NO_HANDLE (-1)
/* Of a step that hangs on no other. */
#define NOTHING (-1)
#define ANY (-1)
/* Of a container-ioctl: it must return exactly 0. */
#define ZERO (-1)

enum bus { PCI, PLATFORM, AMBA };
static const char *const bus_names[] = { "pci", "platform", "amba" };

struct device_ref {
    enum bus bus;
    const char *address;
};

struct ioctl_member {
    const char *name;
    unsigned width; /* In bytes. */
    uint64_t value;
    bool expects;
    uint64_t expected; /* After the call. */
};

struct reg {
    int device;
    uint32_t index; /* Of the region. */
    uint64_t offset;
    unsigned width; /* In bytes. */
    bool big_endian;
    const char *name;
};

struct condition {
    struct reg reg;
    uint64_t mask;
    uint64_t equals;
};

enum step_kind {
    STEP_LOAD_MODULE,
    STEP_SET_MODULE_PARAMETER,
    STEP_SET_HUGE_PAGES,
    STEP_SET_VF_AUTOPROBE,
    STEP_SET_VF_COUNT,
    STEP_SET_DRIVER_OVERRIDE,
    STEP_UNBIND_DRIVER,
    STEP_BIND_DRIVER,
    STEP_WAIT_NODE,
    STEP_WAIT_NOIOMMU_NODE,
    STEP_CHOWN_NODE,
    STEP_CHMOD_NODE,
    STEP_OPEN_CONTAINER,
    STEP_CHECK_API_VERSION,
    STEP_CHECK_EXTENSION,
    STEP_OPEN_GROUP,
    STEP_OPEN_NOIOMMU_GROUP,
    STEP_CHECK_GROUP_VIABLE,
    STEP_SET_CONTAINER,
    STEP_UNSET_CONTAINER,
    STEP_SET_IOMMU,
    STEP_CHECK_IOMMU_INFO,
    STEP_CONTAINER_IOCTL,
    STEP_MAP_DMA,
    STEP_UNMAP_DMA,
    STEP_OPEN_DEVICE,
    STEP_CHECK_DEVICE_INFO,
    STEP_CHECK_REGION_INFO,
    STEP_CHECK_IRQ_INFO,
    STEP_CHECK_DEVTREE_INFO,
    STEP_RESET_DEVICE,
    STEP_CHECK_HOT_RESET,
    STEP_HOT_RESET,
    STEP_WRITE_REGION,
    STEP_MODIFY_REGION,
    STEP_EXPECT_REGION,
    STEP_POLL_REGION,
    STEP_DELAY,
    STEP_SET_MEMLOCK_LIMIT,
    STEP_CREATE_MEMFD,
    STEP_RESIZE_MEMFD,
    STEP_ALLOCATE_MEMORY,
    STEP_FREE_MEMORY,
    STEP_CREATE_EVENTFD,
    STEP_SET_IRQS,
    STEP_CLEAR_IRQS,
    STEP_SET_IRQ_UNMASK,
    STEP_CLEAR_IRQ_UNMASK,
    STEP_CLOSE
};

/* Its kind says which member of the union is filled in. Where kinds share a member, the kind tells them apart. */
struct step {
    const char *id;
    const char *resource; /* What it is about: a device, a group. */
    const char *words;
    enum step_kind kind;
    bool durable; /* It outlives this process: the journal knows of it. */
    int undoes;   /* The step of `up` where that ran this one runs, by its place there. */
    union {
        struct { const char *name, *parameter, *value; } module; /* A parameter of it, or none. */
        struct { uint64_t page_size, before, pages; } pool; /* How many there are before and after the step. */
        struct { struct device_ref device; unsigned value; } vfs;
        struct { rlim_t soft, hard; } limit;
        struct { struct device_ref device; const char *driver; } override; /* NULL clears it. */
        struct { struct device_ref device; const char *driver; } binding;
        struct { const char *path; uid_t uid; gid_t gid; mode_t mode; } node;
        struct device_ref device;
        struct { int handle; uint64_t size, page_size; int memfd; } memory; /* Page size 0: ordinary pages. */
        struct { int container; uint32_t extension; const char *model; } iommu;
        struct { int handle; uint32_t number; struct device_ref device; } group;
        struct { int group, container; } join;
        struct {
            int container;
            uint64_t page_size;
            uint32_t mappings;
            const struct iova_range *ranges;
            size_t count;
        } needs;
        struct {
            int container;
            const char *request;
            unsigned number;
            int at_least;
            const struct ioctl_member *members;
            size_t count;
        } call;
        struct { int container, memory; uint64_t offset, iova, size; uint32_t flags; } mapping;
        struct { int handle, group; struct device_ref device; } open;
        struct { int device; enum bus bus; int64_t regions, irqs; bool reset; } info;
        struct { int device; uint32_t index; bool sized; uint64_t size; uint32_t flags; } region;
        struct { int device; uint32_t index, count; int level; const int *eventfds; int eventfd; } irq;
        struct { int device; uint32_t type, index; const char *path; uint32_t dt_index; } tree;
        struct { int device; bool best_effort; const int *groups; const char *const *owned; size_t count; } reset;
        struct {
            struct reg reg;
            const struct condition *when;
            uint64_t mask, value; /* To be there; or the bits to clear, and to set or write. */
            bool quiesce;         /* Ends interrupts and DMA; else it is for a known state. */
            bool warn;            /* A mismatch is told, and does not stop the run. */
            uint32_t interval_us, timeout_ms;
            const char *action;
        } access;
        uint32_t microseconds;
        int handle;
    };
};

/* Something of the host that the plan relies on. */
enum fact_kind { FACT_MACHINE, FACT_PAGE_SIZE, FACT_LINK_NAME, FACT_REAL_PATH, FACT_TEXT, FACT_ENTRIES, FACT_EXISTS, FACT_LOCK_LIMIT };

struct fact {
    const char *what;
    enum fact_kind kind;
    const char *path;
    const char *value; /* NULL: it has none. */
};
