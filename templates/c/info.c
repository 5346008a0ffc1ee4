/* ---- Answers that have room for capabilities behind them ------------------------------------------------------------ */

/* Longest answer that is fetched: a kernel that asks for more is not believed. */
#define MAX_INFO_SIZE (1u << 20)

/* An answer, and how many bytes of it were asked for: what the kernel writes into argsz may be more. */
struct answer {
    unsigned char *data;
    uint32_t room;
};

static bool ask_once(struct answer *answer, int handle, const char *name, unsigned long number, const void *fixed,
                     uint32_t size)
{
    answer->data = calloc(1, answer->room);
    if (answer->data == NULL) {
        refuse("no memory for an answer of %" PRIu32 " bytes", answer->room);
        return false;
    }
    memcpy(answer->data, fixed, size);
    memcpy(answer->data, &answer->room, sizeof answer->room);
    if (call(handle, name, number, answer->data) >= 0)
        return true;
    free(answer->data);
    return false;
}

/*
 * Calls an INFO ioctl whose argument begins with `fixed`, and once more with as much room as the kernel asked for: it asks
 * by raising argsz while still answering 0. False with a complaint; else the data is to be freed.
 */
static bool ask_info(struct answer *answer, int handle, const char *name, unsigned long number, const void *fixed,
                     uint32_t size)
{
    uint32_t wanted;
    answer->room = size;
    if (!ask_once(answer, handle, name, number, fixed, size))
        return false;
    memcpy(&wanted, answer->data, sizeof wanted);
    if (wanted <= size)
        return true;
    free(answer->data);
    if (wanted > MAX_INFO_SIZE) {
        refuse("the kernel asks for %" PRIu32 " bytes", wanted);
        return false;
    }
    answer->room = wanted;
    return ask_once(answer, handle, name, number, fixed, size);
}

#define ASK_INFO(answer, handle, request, fixed) ask_info(answer, handle, #request, request, fixed, sizeof *(fixed))

/* A walk along the capabilities behind an answer. */
struct walk {
    struct answer answer;
    uint32_t at;   /* Where the next one is; 0 behind the last. */
    uint32_t left; /* How many more there can be: each has a header of its own, and more than fit are a circle. */
};

static struct walk walk_of(struct answer answer, uint32_t first)
{
    return (struct walk){ answer, first, answer.room / (uint32_t)sizeof(struct cap_header) };
}

/*
 * The next capability: 1 with its id and its place, 0 at the end, -1 with a complaint for a chain that leaves the answer or
 * has no end.
 */
static int next_capability(struct walk *walk, uint16_t *id, uint32_t *place)
{
    struct cap_header header;
    if (walk->at == 0)
        return 0;
    if (walk->at > walk->answer.room || walk->answer.room - walk->at < sizeof header) {
        refuse("a capability at %" PRIu32 " lies outside the answer", walk->at);
        return -1;
    }
    if (walk->left-- == 0) {
        refuse("the chain of capabilities comes back to %" PRIu32, walk->at);
        return -1;
    }
    memcpy(&header, walk->answer.data + walk->at, sizeof header);
    *id = header.id;
    *place = walk->at;
    walk->at = header.next;
    return 1;
}

static enum outcome check_ranges(const struct step *step, struct answer answer, uint32_t at)
{
    struct iova_range_cap cap;
    if (answer.room - at < sizeof cap)
        return refuse("the IOVA ranges do not fit the answer");
    memcpy(&cap, answer.data + at, sizeof cap);
    if (cap.count > (answer.room - at - sizeof cap) / sizeof(struct iova_range))
        return refuse("%" PRIu32 " IOVA ranges do not fit the answer", cap.count);
    for (size_t i = 0; i < step->needs.count; i++) {
        const struct iova_range *wanted = &step->needs.ranges[i];
        bool inside = false;
        for (uint32_t k = 0; k < cap.count && !inside; k++) {
            struct iova_range valid;
            memcpy(&valid, answer.data + at + sizeof cap + k * sizeof valid, sizeof valid);
            inside = valid.first <= wanted->first && wanted->last <= valid.last;
        }
        if (!inside)
            return refuse("0x%" PRIx64 "-0x%" PRIx64 " is not inside what the IOMMU can map", wanted->first, wanted->last);
    }
    return DONE;
}

static enum outcome check_mappings_left(const struct step *step, struct answer answer, uint32_t at)
{
    struct dma_avail_cap cap;
    if (answer.room - at < sizeof cap)
        return refuse("the number of mappings left does not fit the answer");
    memcpy(&cap, answer.data + at, sizeof cap);
    if (cap.available >= step->needs.mappings)
        return DONE;
    return refuse("the container has %" PRIu32 " mappings left, the plan makes %" PRIu32, cap.available,
                  step->needs.mappings);
}

static enum outcome check_iommu_answer(const struct step *step, struct answer answer)
{
    struct iommu_info info;
    memcpy(&info, answer.data, sizeof info);
    uint64_t smallest = info.page_sizes & (~info.page_sizes + 1);
    /* A page of the plan is a multiple of any smaller page of the IOMMU. */
    if (info.flags & INFO_FLAG_PAGE_SIZES && smallest > step->needs.page_size)
        return refuse("the smallest page of the IOMMU is 0x%" PRIx64 ", the plan maps 0x%" PRIx64, smallest,
                      step->needs.page_size);
    struct walk walk = walk_of(answer, info.flags & INFO_FLAG_CAPS ? info.cap_offset : 0);
    uint16_t id;
    uint32_t at;
    int more;
    while ((more = next_capability(&walk, &id, &at)) > 0) {
        if (id == INFO_CAP_IOVA_RANGES && check_ranges(step, answer, at) != DONE)
            return FAILED;
        if (id == INFO_CAP_DMA_AVAIL && check_mappings_left(step, answer, at) != DONE)
            return FAILED;
    }
    return more < 0 ? FAILED : DONE;
}

static enum outcome check_iommu_info(const struct step *step)
{
    const struct iommu_info fixed = { 0 };
    struct answer answer;
    if (!ASK_INFO(&answer, step->needs.container, VFIO_IOMMU_GET_INFO, &fixed))
        return FAILED;
    enum outcome outcome = check_iommu_answer(step, answer);
    free(answer.data);
    return outcome;
}
