/*
 * ---- What has become of the devices ---------------------------------------------------------------------------------
 *
 * Between a run and its way back somebody may have unplugged a device, bound it to another driver, or taken it from its own.
 */

/* The device that a step names; NULL for one that names none. */
static const struct device_ref *device_of(const struct step *step)
{
    switch (step->kind) {
    case STEP_SET_DRIVER_OVERRIDE: return &step->override.device;
    case STEP_UNBIND_DRIVER:
    case STEP_BIND_DRIVER: return &step->binding.device;
    case STEP_WAIT_NOIOMMU_NODE: return &step->device;
    case STEP_OPEN_NOIOMMU_GROUP: return &step->group.device;
    case STEP_OPEN_DEVICE: return &step->open.device;
    case STEP_SET_VF_AUTOPROBE:
    case STEP_SET_VF_COUNT: return &step->vfs.device;
    default: return NULL;
    }
}

/* The device that a step is about, or whose handles it uses; NULL for none. */
static const struct device_ref *device_concerned(const struct step *step)
{
    const struct device_ref *named = device_of(step);
    for (size_t i = 0; named == NULL && i < DEVICES; i++)
        if (strcmp(plan_devices[i].resource, step->resource) == 0)
            named = &plan_devices[i].device;
    return named;
}

/* Whether a step that failed has nothing to give back: its device was unplugged. Says so. */
static bool is_gone(const struct step *step)
{
    const struct device_ref *device = device_concerned(step);
    /* Without it the device has no directory either; both are made and go together. */
    if (device == NULL || exists(device_path(*device, "driver_override").text))
        return false;
    say("  gone    %s: %s is not there any more", step->words, device->address);
    return true;
}

/* The VFIO driver that the plan itself has bound a device to: it is still there where it could not be unbound. */
static bool is_given_to(struct device_ref device, const char *driver)
{
    for (size_t i = 0; i < UP; i++)
        if (plan_up[i].kind == STEP_BIND_DRIVER && strcmp(plan_up[i].binding.device.address, device.address) == 0)
            return strcmp(plan_up[i].binding.driver, driver) == 0;
    return false;
}

/* What a step that failed came to, where its device may be somebody else's: its outcome, or TAKEN with a complaint. */
static enum outcome with_fate(const struct step *step, enum outcome outcome)
{
    static char why[sizeof complaint];
    struct path driver;
    if (outcome == TAKEN || step->kind != STEP_BIND_DRIVER)
        return outcome;
    memcpy(why, complaint, sizeof why);
    bool other = bound_driver(step->binding.device, &driver) > 0 && strcmp(driver.text, step->binding.driver) != 0 &&
                 !is_given_to(step->binding.device, driver.text);
    memcpy(complaint, why, sizeof why);
    if (!other)
        return outcome;
    refuse("The device is on %s by now: somebody else has taken it, and it is left alone.", driver.text);
    return TAKEN;
}

/* Resources of devices that are somebody else's by now: what is left of their way back is not ours to do. */
static const char *taken[DOWN_ROOM];
static size_t taken_count;

static bool is_taken(const char *resource)
{
    for (size_t i = 0; i < taken_count; i++)
        if (strcmp(taken[i], resource) == 0)
            return true;
    return false;
}

static void note_taken(const char *resource)
{
    if (!is_taken(resource))
        taken[taken_count++] = resource;
}

/* A device that is not on a VFIO driver is somebody else's by now, or gone. */
static bool is_on_vfio(struct device_ref device)
{
    struct path driver;
    return bound_driver(device, &driver) > 0 && is_vfio_driver(driver.text);
}

static bool is_on_host_driver(struct device_ref device)
{
    struct path driver;
    return bound_driver(device, &driver) > 0 && !is_vfio_driver(driver.text);
}

static bool changes_driver(const struct step *step)
{
    return step->kind == STEP_BIND_DRIVER || step->kind == STEP_UNBIND_DRIVER;
}

/* The step of `down` that takes a step of `up` back; NOTHING for none. */
static int way_back_of(size_t up)
{
    for (size_t i = 0; i < DOWN; i++)
        if (plan_down[i].undoes == (int)up)
            return (int)i;
    return NOTHING;
}

/* Whether the run has a device, on VFIO or only taken from its driver, and has not given it back. */
static bool run_has(struct device_ref device)
{
    for (size_t i = UP; i-- > 0;) {
        if (!changes_driver(&plan_up[i]) || strcmp(plan_up[i].binding.device.address, device.address) != 0)
            continue;
        int back = way_back_of(i);
        return ran[i] && (back == NOTHING || !undone[back]);
    }
    return false;
}

/* Whether the driver of this step's device was changed by one before it. */
static bool changed_before(size_t up)
{
    for (size_t i = 0; i < up; i++)
        if (changes_driver(&plan_up[i]) && strcmp(plan_up[i].binding.device.address, plan_up[up].binding.device.address) == 0)
            return true;
    return false;
}

/*
 * Resources of devices of the recovery whose group is not all on VFIO because the run itself has not taken all of it yet, or
 * has given a part back. They cannot be opened (a group is all or nothing), and need not be: nobody could open them since they
 * were bound, or they were silenced before the first of their group went back. Returns how many.
 */
static size_t in_half_taken_groups(const char **resources)
{
    static long groups[UP_ROOM];
    size_t group_count = 0, count = 0;
    for (size_t i = 0; i < UP; i++) {
        if (!changes_driver(&plan_up[i]) || changed_before(i))
            continue;
        struct device_ref device = plan_up[i].binding.device;
        long group = group_of(device);
        if (group >= 0 && is_on_host_driver(device) && !run_has(device))
            groups[group_count++] = group;
    }
    for (size_t i = 0; group_count > 0 && i < RECOVER; i++) {
        if (plan_recover[i].kind != STEP_OPEN_DEVICE)
            continue;
        long group = group_of(plan_recover[i].open.device);
        bool half = false;
        for (size_t k = 0; group >= 0 && k < group_count; k++)
            half = half || groups[k] == group;
        if (half)
            resources[count++] = plan_recover[i].resource;
    }
    return count;
}

/* Whether a device has no driver, and still the override of the run: one that was pulled out and put back is as new. */
static bool is_kept_from(const struct step *bind)
{
    struct path driver, override;
    return bound_driver(bind->binding.device, &driver) == 0 &&
           read_text(device_path(bind->binding.device, "driver_override").text, &override) &&
           strcmp(override.text, bind->binding.driver) == 0;
}

/* Whether the run had bound a device to VFIO, and nothing of its way back had begun. */
static bool had_bound(size_t up)
{
    int back = way_back_of(up);
    return ran[up] && finished[up] && back != NOTHING && !undone[back] && !undoing[back];
}

/*
 * Of the steps of the recovery that open a device: that somebody has taken it from its VFIO driver by hand, and given it to none.
 * Whoever used it may have left it running; without VFIO nobody can silence it, and the host must not get it so.
 */
static bool unbound[RECOVER_ROOM];

static void find_unbound(void)
{
    for (size_t i = 0; i < RECOVER; i++) {
        size_t bind = 0;
        while (bind < UP && !(plan_up[bind].kind == STEP_BIND_DRIVER &&
                              strcmp(plan_up[bind].resource, plan_recover[i].resource) == 0))
            bind++;
        unbound[i] = plan_recover[i].kind == STEP_OPEN_DEVICE && bind < UP && had_bound(bind) && is_kept_from(&plan_up[bind]);
        if (!unbound[i])
            continue;
        const struct step *bound = &plan_up[bind];
        say("Somebody has unbound %s from %s by hand. It may still do DMA, and without a VFIO driver it cannot be silenced: "
            "bind it to %s again, and run this again.",
            bound->binding.device.address, bound->binding.driver, bound->binding.driver);
    }
}
