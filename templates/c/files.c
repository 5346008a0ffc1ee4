/* ---- Files of the host ---------------------------------------------------------------------------------------------- */

/* A path, or another text that has to fit one. What does not fit comes out cut, and names nothing. */
struct path {
    char text[PATH_MAX];
};

__attribute__((format(printf, 1, 2))) static struct path path_of(const char *format, ...)
{
    struct path path;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(path.text, sizeof path.text, format, arguments);
    va_end(arguments);
    return path;
}

static struct path device_path(struct device_ref device, const char *attribute)
{
    return path_of("/sys/bus/%s/devices/%s/%s", bus_names[device.bus], device.address, attribute);
}

static bool exists(const char *path)
{
    return access(path, F_OK) == 0;
}

/* The last component of what a link says. False with errno where it cannot be read. */
static bool link_name(const char *path, struct path *name)
{
    char target[PATH_MAX];
    ssize_t length = readlink(path, target, sizeof target - 1);
    if (length < 0)
        return false;
    target[length] = '\0';
    const char *slash = strrchr(target, '/');
    *name = path_of("%s", slash ? slash + 1 : target);
    return true;
}

/* An attribute without the white space around it, as one read(2) gives it. False with errno where it cannot be read. */
static bool read_text(const char *path, struct path *text)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return false;
    char data[PATH_MAX];
    ssize_t length = read(fd, data, sizeof data - 1);
    int error = errno;
    close(fd);
    errno = error;
    if (length < 0)
        return false;
    while (length > 0 && strchr(" \t\r\n", data[length - 1]))
        length--;
    data[length] = '\0';
    *text = path_of("%s", data + strspn(data, " \t\r\n"));
    return true;
}

/* How long a durable step may take: a driver's remove can be slow, but it must not hang for ever. */
#define STEP_SECONDS 60
/* How much longer a step may take whose time was up, before the rest is taken back without it. */
#define GRACE_SECONDS 10

/* The helper whose time was up, while the kernel is still at it; 0 for none. */
static pid_t unsettled;

/* Waits for a helper: 0, or ETIMEDOUT while it still runs. */
static int wait_for(pid_t helper, int seconds, int *status)
{
    struct timespec now, tick = { 0, 100000000 };
    sigset_t child;
    sigemptyset(&child);
    sigaddset(&child, SIGCHLD);
    clock_gettime(CLOCK_MONOTONIC, &now);
    time_t end = now.tv_sec + seconds;
    while (waitpid(helper, status, WNOHANG) == 0) {
        clock_gettime(CLOCK_MONOTONIC, &now);
        if (now.tv_sec > end)
            return ETIMEDOUT;
        sigtimedwait(&child, NULL, &tick);
    }
    return 0;
}

/*
 * Does something that can stay in the kernel for ever in a helper process: an unbind waits until whoever holds the device
 * lets go, and a process in it can neither end nor be killed. The helper keeps nothing of ours open. Returns its exit
 * status, or -1 with a complaint.
 */
static int in_helper(int (*work)(const void *), const void *argument)
{
    int status = 0;
    fflush(NULL);
    pid_t helper = fork();
    if (helper < 0) {
        refuse_errno("fork", "a helper process");
        return -1;
    }
    if (helper == 0) {
        for (int handle = 0; handle < HANDLES; handle++)
            if (fds[handle] >= 0)
                close(fds[handle]);
        _exit(work(argument));
    }
    if (wait_for(helper, STEP_SECONDS, &status) != 0) {
        unsettled = helper;
        refuse("no answer after %d s; the kernel is still at it", STEP_SECONDS);
        return -1;
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* Whether the step whose time was up is over now, after some more. */
static bool settled(void)
{
    int status;
    if (unsettled == 0)
        return true;
    if (wait_for(unsettled, GRACE_SECONDS, &status) != 0)
        return false;
    unsettled = 0;
    return true;
}

struct text_to_write {
    const char *path;
    const char *text;
};

/* One write(2) of the whole text to a file that is there, as sysfs wants it. Returns the errno. */
static int write_now(const void *argument)
{
    const struct text_to_write *request = argument;
    size_t length = strlen(request->text);
    int fd = open(request->path, O_WRONLY | O_CLOEXEC);
    if (fd < 0)
        return errno;
    ssize_t written = write(fd, request->text, length);
    int error = written < 0 ? errno : (size_t)written < length ? EIO : 0;
    close(fd);
    return error;
}

static enum outcome write_text(const char *path, const char *text)
{
    struct text_to_write request = { path, text };
    int error = in_helper(write_now, &request);
    if (error < 0)
        return FAILED;
    errno = error;
    return error == 0 ? DONE : refuse_errno("write", path);
}
