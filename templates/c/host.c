/*
 * ---- Steps that outlive this process -------------------------------------------------------------------------------
 *
 * They look first: a host that is already as the step would make it is left alone. So the way back can be walked after a
 * crash, whether or not the outcome of a step was recorded.
 */

/* 1 with the name of its driver, 0 for a device without one, -1 with a complaint. */
static int bound_driver(struct device_ref device, struct path *driver)
{
    struct path link = device_path(device, "driver");
    if (link_name(link.text, driver))
        return 1;
    int error = errno;
    if (error == ENOENT && exists(device_path(device, "driver_override").text))
        return 0;
    errno = error;
    refuse_errno("readlink", link.text);
    return -1;
}

/* The IOMMU group of a device, or -1 where it has none. */
static long group_of(struct device_ref device)
{
    struct path name;
    return link_name(device_path(device, "iommu_group").text, &name) ? strtol(name.text, NULL, 10) : -1;
}

static struct path noiommu_node(long group)
{
    return path_of("/dev/vfio/noiommu-%ld", group);
}

static int run_modprobe(const void *argument)
{
    char *words[] = { "modprobe", "--", strdup(argument), NULL };
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    /* MODPROBE_OPTIONS names a configuration, which names commands. */
    clearenv();
    setenv("PATH", "/usr/sbin:/usr/bin:/sbin:/bin", 1);
    setenv("LC_ALL", "C", 1);
    execvp(words[0], words);
    fprintf(stderr, "modprobe: %s\n", strerror(errno));
    return 127;
}

/* A module's directory below /sys/module, where names have no hyphens. */
static struct path module_path(const char *module)
{
    struct path path = path_of("/sys/module/%s", module);
    for (char *at = path.text; (at = strchr(at, '-')) != NULL;)
        *at = '_';
    return path;
}

static enum outcome load_module(const struct step *step)
{
    const char *module = step->module.name;
    struct path directory = module_path(module);
    if (exists(directory.text))
        return DONE;
    int status = in_helper(run_modprobe, module);
    if (status < 0)
        return FAILED;
    if (status != 0)
        return refuse("modprobe %s ended with status %d", module, status);
    if (!exists(directory.text))
        return refuse("modprobe %s succeeded, but the module is not there", module);
    return DONE;
}

static enum outcome set_module_parameter(const struct step *step)
{
    const char *value = step->module.value;
    struct path path = path_of("%s/parameters/%s", module_path(step->module.name).text, step->module.parameter), now;
    if (!read_text(path.text, &now))
        return refuse_errno("read", path.text);
    if (strcmp(now.text, value) == 0)
        return DONE;
    if (write_text(path.text, value) != DONE)
        return FAILED;
    if (!read_text(path.text, &now))
        return refuse_errno("read", path.text);
    if (strcmp(now.text, value) == 0)
        return DONE;
    return refuse("%s reads %s after %s was written", path.text, now.text, value);
}

/* Whether what was read of an override is this driver, NULL for none. The kernel prints "(null)" for none. */
static bool override_is(const struct path *found, const char *driver)
{
    bool none = found->text[0] == '\0' || strcmp(found->text, "(null)") == 0;
    return driver == NULL ? none : !none && strcmp(found->text, driver) == 0;
}

static enum outcome set_driver_override(const struct step *step)
{
    const char *driver = step->override.driver;
    struct path path = device_path(step->override.device, "driver_override"), found;
    if (!read_text(path.text, &found))
        return refuse_errno("read", path.text);
    if (override_is(&found, driver))
        return DONE;
    /* On the way back: what `up` has made of it, or somebody else has been there meanwhile. */
    const struct step *made = step->undoes == NOTHING ? NULL : &plan_up[step->undoes];
    if (made != NULL && made->kind == STEP_SET_DRIVER_OVERRIDE && !override_is(&found, made->override.driver)) {
        refuse("driver_override reads %s and not %s: somebody else has set it since, and it is left alone.", found.text,
               made->override.driver ? made->override.driver : "(null)");
        return TAKEN;
    }
    /* An empty line clears it; an empty write would not reach the kernel at all. */
    if (write_text(path.text, path_of("%s\n", driver ? driver : "").text) != DONE)
        return FAILED;
    if (!read_text(path.text, &found))
        return refuse_errno("read", path.text);
    return override_is(&found, driver) ? DONE : refuse("driver_override reads %s after the write", found.text);
}

static enum outcome unbind_driver(const struct step *step)
{
    struct device_ref device = step->binding.device;
    struct path now;
    int bound = bound_driver(device, &now);
    if (bound < 0)
        return FAILED;
    if (bound == 0 || strcmp(now.text, step->binding.driver) != 0)
        return DONE;
    if (refuse_unbind_while_used(step) != DONE)
        return FAILED;
    struct path path = path_of("/sys/bus/%s/drivers/%s/unbind", bus_names[device.bus], step->binding.driver);
    if (write_text(path.text, device.address) != DONE)
        return FAILED;
    bound = bound_driver(device, &now);
    if (bound > 0)
        return refuse("the device is on %s after the unbind", now.text);
    return bound == 0 ? DONE : FAILED;
}

/* Through the driver's `bind`, which reports the probe's errno, and the driver link is read back. */
static enum outcome bind_driver(const struct step *step)
{
    struct device_ref device = step->binding.device;
    const char *driver = step->binding.driver;
    struct path now;
    int bound = bound_driver(device, &now);
    if (bound < 0 || (bound > 0 && strcmp(now.text, driver) == 0))
        return bound < 0 ? FAILED : DONE;
    struct path path = path_of("/sys/bus/%s/drivers/%s/bind", bus_names[device.bus], driver);
    if (write_text(path.text, device.address) != DONE)
        return FAILED;
    bound = bound_driver(device, &now);
    if (bound < 0 || (bound > 0 && strcmp(now.text, driver) == 0))
        return bound < 0 ? FAILED : DONE;
    return refuse("the bind was accepted, but the device is on %s", bound == 0 ? "no driver" : now.text);
}

/* How long a node may take to appear: devtmpfs makes it at once, udev may rename or replace it. */
#define NODE_WAIT_MS 5000
#define NODE_POLL_MS 20

static bool noiommu_node_is_there(struct device_ref device)
{
    long group = group_of(device);
    return group >= 0 && exists(noiommu_node(group).text);
}

static enum outcome wait_node(const struct step *step)
{
    for (int waited = 0; !exists(step->node.path); waited += NODE_POLL_MS) {
        if (waited >= NODE_WAIT_MS)
            return refuse("%s did not appear within 5 s of the binding", step->node.path);
        pause_us(NODE_POLL_MS * 1000);
    }
    return DONE;
}

static enum outcome wait_noiommu_node(const struct step *step)
{
    for (int waited = 0; !noiommu_node_is_there(step->device); waited += NODE_POLL_MS) {
        if (waited >= NODE_WAIT_MS)
            return refuse("the /dev/vfio/noiommu-N of %s did not appear within 5 s of the binding", step->device.address);
        pause_us(NODE_POLL_MS * 1000);
    }
    return DONE;
}

/* On the way back the node may be gone with the last device of its group: then nothing is left to give back. */
static bool gone_on_way_back(const struct step *step)
{
    return step->undoes != NOTHING && !exists(step->node.path);
}

static enum outcome chown_node(const struct step *step)
{
    const char *path = step->node.path;
    struct stat now;
    if (gone_on_way_back(step))
        return DONE;
    if (stat(path, &now) < 0)
        return refuse_errno("stat", path);
    if (now.st_uid == step->node.uid && now.st_gid == step->node.gid)
        return DONE;
    return chown(path, step->node.uid, step->node.gid) == 0 ? DONE : refuse_errno("chown", path);
}

static enum outcome chmod_node(const struct step *step)
{
    const char *path = step->node.path;
    struct stat now;
    if (gone_on_way_back(step))
        return DONE;
    if (stat(path, &now) < 0)
        return refuse_errno("stat", path);
    if ((now.st_mode & 0777) == step->node.mode)
        return DONE;
    return chmod(path, step->node.mode) == 0 ? DONE : refuse_errno("chmod", path);
}
