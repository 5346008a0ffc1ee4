/*
 * ---- Who uses a device ----------------------------------------------------------------------------------------------
 *
 * From VFIO the kernel would wait for whoever has a device open, for ever; from another driver it would take the registers
 * away under a program that uses them. So they are named instead. A mapping keeps a device busy as an open file does.
 */

/* Whether a driver is one of VFIO's: "vfio" is a word of its name. */
static bool is_vfio_driver(const char *name)
{
    for (const char *at = name; (at = strstr(at, "vfio")) != NULL; at += 4)
        if ((at == name || strchr("-_", at[-1])) && strchr("-_", at[4]))
            return true;
    return false;
}

/* The nodes through which a device is opened, and its directory among the real devices. */
struct device_files {
    struct path nodes[8];
    size_t count;
    char directory[PATH_MAX]; /* Empty once it is unplugged. */
};

static void add_nodes(struct device_files *files, struct path folder, const char *where)
{
    DIR *names = opendir(folder.text);
    if (names == NULL)
        return;
    for (struct dirent *entry; files->count < 8 && (entry = readdir(names)) != NULL;)
        if (entry->d_name[0] != '.')
            files->nodes[files->count++] = path_of("%s/%s", where, entry->d_name);
    closedir(names);
}

static void find_files(struct device_ref device, struct device_files *files)
{
    char group[PATH_MAX];
    struct path link = path_of("/sys/bus/%s/devices/%s", bus_names[device.bus], device.address);
    files->count = 0;
    if (realpath(link.text, files->directory) == NULL)
        files->directory[0] = '\0';
    if (realpath(device_path(device, "iommu_group").text, group) != NULL) {
        const char *number = strrchr(group, '/') + 1;
        files->nodes[files->count++] = path_of("/dev/vfio/%s", number);
        files->nodes[files->count++] = path_of("/dev/vfio/noiommu-%s", number);
    }
    /* drivers/vfio/device_cdev.c, drivers/uio/uio.c */
    add_nodes(files, device_path(device, "vfio-dev"), "/dev/vfio/devices");
    add_nodes(files, device_path(device, "uio"), "/dev");
}

/* Whether a file stands for the device: a node of it, or what sysfs has of its registers. */
static bool is_of(const struct device_files *files, const char *name)
{
    for (size_t i = 0; i < files->count; i++)
        if (strcmp(files->nodes[i].text, name) == 0)
            return true;
    size_t length = strlen(files->directory);
    if (length == 0 || strncmp(name, files->directory, length) != 0)
        return false;
    return strncmp(name + length, "/resource", 9) == 0 ? name[length + 9] != '\0' : strcmp(name + length, "/config") == 0;
}

/* Configuration space that is only read is somebody listing the host. By the octal flags (fs/proc/fd.c). */
static bool is_only_listed(const char *name, const char *info)
{
    const char *slash = strrchr(name, '/'), *flags = strstr(info, "flags:");
    return slash != NULL && strcmp(slash, "/config") == 0 && flags != NULL &&
           (strtol(flags + 6, NULL, 8) & O_ACCMODE) == O_RDONLY;
}

/* Whether the descriptor is the device itself. A kernel that says so names its directory (drivers/vfio/vfio_main.c). */
static bool is_open_device(const struct device_files *files, const char *name, const char *info)
{
    static const char head[] = "vfio-device-syspath:";
    const char *at = strcmp(name, "anon_inode:[vfio-device]") == 0 ? strstr(info, head) : NULL;
    if (at == NULL || files->directory[0] == '\0')
        return false;
    at += sizeof head - 1;
    at += strspn(at, " \t");
    size_t length = strlen(files->directory);
    return strncmp(at, files->directory, length) == 0 && strchr("\n", at[length]) != NULL;
}

static bool opened_by(long pid, const struct device_files *files, struct path *name)
{
    bool found = false;
    DIR *open_files = opendir(path_of("/proc/%ld/fd", pid).text);
    if (open_files == NULL)
        return false;
    for (struct dirent *file; !found && (file = readdir(open_files)) != NULL;) {
        char target[PATH_MAX];
        ssize_t length = readlink(path_of("/proc/%ld/fd/%s", pid, file->d_name).text, target, sizeof target - 1);
        if (length < 0)
            continue;
        target[length] = '\0';
        struct path info;
        if (!read_text(path_of("/proc/%ld/fdinfo/%s", pid, file->d_name).text, &info))
            info.text[0] = '\0';
        found = (is_of(files, target) && !is_only_listed(target, info.text)) || is_open_device(files, target, info.text);
        *name = path_of("%s open", target);
    }
    closedir(open_files);
    return found;
}

/* The path of a line of /proc/PID/maps is all from its first slash on. */
static bool mapped_by(long pid, const struct device_files *files, struct path *name)
{
    bool found = false;
    char *line = NULL;
    size_t size = 0;
    FILE *maps = fopen(path_of("/proc/%ld/maps", pid).text, "re");
    if (maps == NULL)
        return false;
    while (!found && getline(&line, &size, maps) > 0) {
        char *file = strchr(line, '/');
        if (file == NULL)
            continue;
        file[strcspn(file, "\n")] = '\0';
        found = is_of(files, file);
        *name = path_of("%s mapped", file);
    }
    free(line);
    fclose(maps);
    return found;
}

/* Names a process that uses the device, ours left out; false where nobody does, as far as we may see. */
static bool used_by(struct device_ref device, struct path *user)
{
    struct device_files files;
    find_files(device, &files);
    DIR *processes = opendir("/proc");
    if (processes == NULL)
        return false;
    bool used = false;
    for (struct dirent *entry; !used && (entry = readdir(processes)) != NULL;) {
        long pid = strtol(entry->d_name, NULL, 10);
        struct path file, name;
        used = pid > 0 && pid != getpid() && (opened_by(pid, &files, &file) || mapped_by(pid, &files, &file));
        if (!used)
            continue;
        if (!read_text(path_of("/proc/%ld/comm", pid).text, &name))
            name.text[0] = '\0';
        *user = path_of("%.64s (pid %ld): %.3000s", name.text, pid, file.text);
    }
    closedir(processes);
    return used;
}

/* Of an unbind. */
static enum outcome refuse_unbind_while_used(const struct step *step)
{
    struct path user;
    if (!used_by(step->binding.device, &user))
        return DONE;
    return refuse("%s is in use, and was left on %s: %s. End it, then run this again.", step->binding.device.address,
                  step->binding.driver, user.text);
}
