/* ---- Huge pages and virtual functions ------------------------------------------------------------------------------- */

/* Reads a number from a file of sysfs. False with a complaint. */
static bool read_number(const char *path, uint64_t *number)
{
    struct path text;
    if (!read_text(path, &text)) {
        refuse_errno("read", path);
        return false;
    }
    *number = strtoull(text.text, NULL, 10);
    return true;
}

static enum outcome write_number(const char *path, uint64_t number)
{
    return write_text(path, path_of("%" PRIu64, number).text);
}

/*
 * Of the step that is carried out: it, or the one that it takes back, was begun before, and nothing says how that ended. Set
 * by whoever walks the way back.
 */
static bool past_is_unknown;

/* The kernel takes what number it is given and adds the pages that it finds: how many those are, only a read tells. */
static enum outcome reserve_pages(const struct step *step, const char *path, uint64_t now)
{
    uint64_t before = step->pool.before, pages = step->pool.pages;
    if (now == pages)
        return DONE;
    if (write_number(path, pages) != DONE || !read_number(path, &now))
        return FAILED;
    if (now >= pages)
        return DONE;
    if (write_number(path, before) != DONE)
        return FAILED;
    return refuse("the kernel found memory for %" PRIu64 " of the %" PRIu64 " huge pages that the pool lacks, and has it back",
                  now > before ? now - before : 0, pages - before);
}

/*
 * Others may have changed the pool meanwhile, so it changes by what the step had added. Where it is not known whether a write
 * has happened, the number has to tell: between what it was before and after, nobody else has changed it.
 */
static enum outcome give_pages_back(const struct step *step, const char *path, uint64_t now)
{
    uint64_t before = step->pool.before, pages = step->pool.pages, added = before - pages;
    if (!past_is_unknown)
        return write_number(path, now > added ? now - added : 0);
    if (now == pages)
        return DONE;
    if (now > pages && now <= before)
        return write_number(path, pages);
    refuse("%s is %" PRIu64 ", neither %" PRIu64 " nor %" PRIu64 ": somebody else has changed it, and whether %" PRIu64
           " of its pages are still ours was not recorded. They stay; lower it by hand if nobody needs them",
           path, now, pages, before, added);
    return LOST;
}

static enum outcome set_huge_pages(const struct step *step)
{
    struct path path = path_of("/sys/kernel/mm/hugepages/hugepages-%" PRIu64 "kB/nr_hugepages", step->pool.page_size >> 10);
    uint64_t now;
    if (!read_number(path.text, &now))
        return FAILED;
    return step->undoes == NOTHING ? reserve_pages(step, path.text, now) : give_pages_back(step, path.text, now);
}

static enum outcome set_vf_autoprobe(const struct step *step)
{
    struct path path = device_path(step->vfs.device, "sriov_drivers_autoprobe");
    uint64_t now;
    if (!read_number(path.text, &now))
        return FAILED;
    if (now == step->vfs.value)
        return DONE;
    if (write_number(path.text, step->vfs.value) != DONE || !read_number(path.text, &now))
        return FAILED;
    if (now == step->vfs.value)
        return DONE;
    return refuse("%s reads %" PRIu64 " after %u was written", path.text, now, step->vfs.value);
}

/* VFs are made without a driver: whoever has bound one uses it. */
static enum outcome refuse_while_used(struct device_ref pf, uint64_t count)
{
    for (uint64_t i = 0; i < count; i++) {
        struct path link = device_path(pf, path_of("virtfn%" PRIu64, i).text), address, driver;
        if (!link_name(link.text, &address)) {
            if (errno == ENOENT)
                continue;
            return refuse_errno("readlink", link.text);
        }
        int bound = bound_driver((struct device_ref){ PCI, address.text }, &driver);
        if (bound < 0)
            return FAILED;
        if (bound > 0)
            return refuse("VF %" PRIu64 ", %s, is on %s: somebody uses it. Take down what it was assigned by, or unbind it, "
                          "then run this again.", i, address.text, driver.text);
    }
    return DONE;
}

static enum outcome set_vf_count(const struct step *step)
{
    struct path path = device_path(step->vfs.device, "sriov_numvfs");
    uint64_t before, now, count = step->vfs.value;
    if (!read_number(path.text, &before))
        return FAILED;
    if (before == count)
        return DONE;
    if (count == 0 && refuse_while_used(step->vfs.device, before) != DONE)
        return FAILED;
    if (write_number(path.text, count) != DONE || !read_number(path.text, &now))
        return FAILED;
    if (now == count)
        return DONE;
    if (before == 0 && write_number(path.text, 0) != DONE)
        return FAILED;
    return refuse("the driver made %" PRIu64 " of the %" PRIu64 " VFs, and they are gone again", now, count);
}
