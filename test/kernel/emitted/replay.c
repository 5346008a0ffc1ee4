/*
 * Stands between an emitted program and the kernel (ld --wrap): every call that the program makes of the host or of VFIO
 * must be the next one of the transcript that VFIO_REPLAY names, and is answered from there. The program itself is the one
 * that a user compiles; its journal, /proc and its helper processes are real.
 */
#define _GNU_SOURCE
#define _FILE_OFFSET_BITS 64
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

int __real_open64(const char *path, int flags, ...);
int __real_close(int fd);
ssize_t __real_readlink(const char *path, char *buffer, size_t size);
ssize_t __real_write(int fd, const void *data, size_t size);
void *__real_mmap64(void *address, size_t length, int protection, int flags, int fd, off64_t offset);

/* Descriptors of the transcript are small; real ones are moved up here. */
#define REAL_FDS 512
#define WRITING 500 /* A file of the host that is open for one write. */
#define LINES 100000

static char *lines[LINES];
static int line_count;
/* Shared with the helper processes: the next line. */
static int *next_line;
static pid_t program;
static char writing_path[4096];

static void mismatch(const char *made)
{
    dprintf(2, "REPLAY: call %d should be\n  %s\nand is\n  %s\n", *next_line + 1,
            *next_line < line_count ? lines[*next_line] : "(none)", made);
    kill(program, SIGKILL);
    _exit(99);
}

__attribute__((constructor)) static void load(void)
{
    const char *path = getenv("VFIO_REPLAY");
    FILE *file = path ? fopen(path, "r") : NULL;
    program = getpid();
    next_line = __real_mmap64(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (file == NULL || next_line == MAP_FAILED)
        _exit(98);
    size_t size = 0;
    while (line_count < LINES && getline(&lines[line_count], &size, file) > 0) {
        lines[line_count][strcspn(lines[line_count], "\n")] = '\0';
        line_count++;
        size = 0;
    }
    fclose(file);
}

__attribute__((destructor)) static void finish(void)
{
    if (getpid() == program)
        dprintf(2, "REPLAY: %d of %d calls\n", *next_line, line_count);
}

struct answer {
    long long result;
    int error;
    unsigned char data[1 << 16];
    size_t length;
};
static struct answer answer;

/* Takes the next line, which must be for this call. */
static void take(const char *made)
{
    if (*next_line >= line_count)
        mismatch(made);
    char line[1 << 18];
    snprintf(line, sizeof line, "%s", lines[*next_line]);
    char *call = strtok(line, "\t"), *result = strtok(NULL, "\t"), *error = strtok(NULL, "\t"), *data = strtok(NULL, "\t");
    if (call == NULL || result == NULL || error == NULL || strcmp(call, made) != 0)
        mismatch(made);
    if (strcmp(result, "killed") == 0) {
        ++*next_line;
        kill(program, SIGKILL);
        _exit(97);
    }
    ++*next_line;
    answer.result = strtoll(result, NULL, 10);
    answer.error = atoi(error);
    answer.length = data ? strlen(data) / 2 : 0;
    for (size_t i = 0; i < answer.length; i++) {
        unsigned byte;
        sscanf(data + 2 * i, "%2x", &byte);
        answer.data[i] = (unsigned char)byte;
    }
    errno = answer.error;
}

/* The end of the call that the next line is for, where what is in a pointer has to be known. */
static const char *expected_tail(void)
{
    const char *space = *next_line < line_count ? strrchr(lines[*next_line], ' ') : NULL;
    return space ? space + 1 : "";
}

static char made[1 << 18];

__attribute__((format(printf, 1, 2))) static void made_call(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(made, sizeof made, format, arguments);
    va_end(arguments);
    take(made);
}

static const char *word(const char *text)
{
    static char words[4][8192];
    static int turn;
    char *out = words[turn = (turn + 1) % 4], *at = out;
    for (; *text != '\0' && at < out + 8000; text++)
        at += sprintf(at, strchr("% \n\t\r", *text) ? "%%%02x" : "%c", *text);
    *at = '\0';
    return out;
}

static const char *bytes(const void *data, size_t length)
{
    static char text[1 << 17];
    char *at = text;
    *at++ = '<';
    for (size_t i = 0; i < length; i++)
        at += sprintf(at, "%02x", ((const unsigned char *)data)[i]);
    strcpy(at, ">");
    return text;
}

static bool is_replayed(const char *path)
{
    return strncmp(path, "/sys/", 5) == 0 || strncmp(path, "/dev/vfio/", 10) == 0;
}

int __wrap_open64(const char *path, int flags, ...)
{
    if (!is_replayed(path)) {
        va_list arguments;
        va_start(arguments, flags);
        int fd = __real_open64(path, flags, va_arg(arguments, int));
        va_end(arguments);
        int moved = fd < 0 ? fd : fcntl(fd, F_DUPFD_CLOEXEC, REAL_FDS);
        if (fd >= 0)
            __real_close(fd);
        return moved;
    }
    if ((flags & O_ACCMODE) == O_WRONLY) {
        snprintf(writing_path, sizeof writing_path, "%s", path);
        return WRITING;
    }
    if (strncmp(path, "/dev/vfio/", 10) == 0) {
        made_call("open %s read-write", word(path));
        return (int)answer.result;
    }
    made_call("read %s", word(path));
    if (answer.result < 0)
        return -1;
    int ends[2];
    if (pipe(ends) < 0 || __real_write(ends[1], answer.data, answer.length) < 0)
        _exit(96);
    __real_close(ends[1]);
    int moved = fcntl(ends[0], F_DUPFD_CLOEXEC, REAL_FDS);
    __real_close(ends[0]);
    return moved;
}

ssize_t __wrap_write(int fd, const void *data, size_t size)
{
    if (fd != WRITING)
        return __real_write(fd, data, size);
    char text[4096];
    snprintf(text, sizeof text, "%.*s", (int)size, (const char *)data);
    made_call("write %s %s", word(writing_path), word(text));
    return answer.result < 0 ? -1 : (ssize_t)size;
}

int __wrap_close(int fd)
{
    if (fd >= REAL_FDS)
        return __real_close(fd);
    /* A helper lets go of what it has inherited. */
    if (fd == WRITING || getpid() != program)
        return 0;
    made_call("close %d", fd);
    return (int)answer.result;
}

int __wrap_ioctl(int fd, unsigned long request, ...)
{
    va_list arguments;
    va_start(arguments, request);
    unsigned char *argument = va_arg(arguments, unsigned char *);
    va_end(arguments);
    const char *tail = expected_tail();
    if (tail[0] == '<')
        made_call("ioctl %d 0x%lx %s", fd, request, bytes(argument, (strcspn(tail, ">") - 1) / 2));
    else
        made_call("ioctl %d 0x%lx %lu", fd, request, (unsigned long)(uintptr_t)argument);
    if (answer.length > 0)
        memcpy(argument, answer.data, answer.length);
    return (int)answer.result;
}

ssize_t __wrap_pread64(int fd, void *data, size_t size, off64_t offset)
{
    if (fd >= REAL_FDS)
        return lseek64(fd, offset, SEEK_SET) < 0 ? -1 : read(fd, data, size);
    made_call("pread %d %zu %lld", fd, size, (long long)offset);
    memcpy(data, answer.data, answer.length);
    return (ssize_t)answer.result;
}

ssize_t __wrap_pwrite64(int fd, const void *data, size_t size, off64_t offset)
{
    made_call("pwrite %d %s %lld", fd, bytes(data, size), (long long)offset);
    return answer.result < 0 ? -1 : (ssize_t)size;
}

void *__wrap_mmap64(void *address, size_t length, int protection, int flags, int fd, off64_t offset)
{
    char huge[32] = "-", file[32] = "-";
    (void)address, (void)protection, (void)offset;
    if (flags & MAP_HUGETLB)
        snprintf(huge, sizeof huge, "%llu", 1ull << ((unsigned)flags >> 26));
    if (fd >= 0)
        snprintf(file, sizeof file, "%d", fd);
    made_call("mmap %zu %s %s", length, huge, file);
    return answer.result < 0 ? MAP_FAILED : (void *)(uintptr_t)answer.result;
}

int __wrap_munmap(void *address, size_t length)
{
    made_call("munmap %llu %zu", (unsigned long long)(uintptr_t)address, length);
    return (int)answer.result;
}

int __wrap_madvise(void *address, size_t length, int advice)
{
    (void)address, (void)length, (void)advice;
    return 0;
}

int __wrap_eventfd(unsigned value, int flags)
{
    (void)value, (void)flags;
    made_call("eventfd");
    return (int)answer.result;
}

/* memfd_create(2) is the only one that the program makes itself. */
long __wrap_syscall(long number, ...)
{
    va_list arguments;
    va_start(arguments, number);
    const char *name = va_arg(arguments, const char *);
    unsigned flags = va_arg(arguments, unsigned);
    va_end(arguments);
    if (flags & 4)
        made_call("memfd_create %s %llu", word(name), 1ull << (flags >> 26));
    else
        made_call("memfd_create %s -", word(name));
    return (long)answer.result;
}

static const char *limit_word(rlim64_t limit)
{
    static char words[2][32];
    static int turn;
    char *out = words[turn = (turn + 1) % 2];
    snprintf(out, sizeof words[0], limit == RLIM64_INFINITY ? "-" : "%llu", (unsigned long long)limit);
    return out;
}

int __wrap_setrlimit64(int resource, const struct rlimit64 *limit)
{
    (void)resource;
    made_call("setrlimit %s %s", limit_word(limit->rlim_cur), limit_word(limit->rlim_max));
    return (int)answer.result;
}

int __wrap_ftruncate64(int fd, off64_t size)
{
    if (fd >= REAL_FDS) {
        char path[64];
        snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
        return truncate64(path, size);
    }
    made_call("ftruncate %d %lld", fd, (long long)size);
    return (int)answer.result;
}

ssize_t __wrap_readlink(const char *path, char *buffer, size_t size)
{
    if (!is_replayed(path))
        return __real_readlink(path, buffer, size);
    made_call("readlink %s", word(path));
    if (answer.result < 0)
        return -1;
    memcpy(buffer, answer.data, answer.length);
    return (ssize_t)answer.length;
}

/* Who uses a device is asked of /proc, and its files have to be known for that: nobody does where there are none. */
char *__wrap_realpath(const char *path, char *resolved)
{
    (void)path;
    (void)resolved;
    errno = ENOENT;
    return NULL;
}

int __wrap_access(const char *path, int mode)
{
    (void)mode;
    made_call("exists %s", word(path));
    return answer.result > 0 ? 0 : -1;
}

int __wrap_stat64(const char *path, struct stat64 *now)
{
    made_call("stat %s", word(path));
    if (answer.result < 0)
        return -1;
    unsigned uid, gid, mode;
    answer.data[answer.length] = '\0';
    sscanf((const char *)answer.data, "%u %u %u", &uid, &gid, &mode);
    memset(now, 0, sizeof *now);
    now->st_uid = uid;
    now->st_gid = gid;
    now->st_mode = S_IFCHR | mode;
    return 0;
}

int __wrap_chown(const char *path, uid_t uid, gid_t gid)
{
    made_call("chown %s %u %u", word(path), uid, gid);
    return (int)answer.result;
}

int __wrap_chmod(const char *path, mode_t mode)
{
    made_call("chmod %s 0%o", word(path), mode);
    return (int)answer.result;
}

int __wrap_nanosleep(const struct timespec *time, struct timespec *left)
{
    (void)left;
    /* The runtime sleeps in milliseconds, with a fraction where it has to. */
    char milliseconds[64];
    snprintf(milliseconds, sizeof milliseconds, "%.3f", (double)time->tv_sec * 1000 + (double)time->tv_nsec / 1000000);
    char *end = milliseconds + strlen(milliseconds);
    while (end[-1] == '0')
        *--end = '\0';
    if (end[-1] == '.')
        *--end = '\0';
    made_call("sleep %s", milliseconds);
    return 0;
}

/* In the helper that starts modprobe. */
int __wrap_execvp(const char *name, char *const *words)
{
    char text[4096] = "";
    for (int i = 0; words[i] != NULL; i++)
        snprintf(text + strlen(text), sizeof text - strlen(text), " %s", word(words[i]));
    (void)name;
    made_call("spawn%s", text);
    if (answer.result < 0)
        return -1;
    _exit((int)answer.result);
}

/* What the program waits for when it is up. */
int __wrap_sigwaitinfo(const sigset_t *set, siginfo_t *info)
{
    (void)set, (void)info;
    return SIGTERM;
}

/* The journal is kept, to be compared. */
int __wrap_unlink(const char *path)
{
    (void)path;
    return 0;
}
