/*
 * ---- The journal ----------------------------------------------------------------------------------------------------
 *
 * One JSON document a line, as vfio-compose itself writes and reads it: {"mark":"begun","step":"bind-driver:..."}. A step
 * that began and is not done may have had its effect; its way back looks at the host. The file is locked while a run lasts.
 */

static int journal = -1;
static const char *journal_path = JOURNAL;

/* Of the steps of `up`: that they ran, or may have. */
static bool ran[UP_ROOM];
/* Of the steps of `up`: that the journal says so, to the end. */
static bool finished[UP_ROOM];
/* Of the steps of `down`. */
static bool undone[DOWN_ROOM];
/* Of the steps of `down`: that they were begun, and the journal does not say how that ended. */
static bool undoing[DOWN_ROOM];
/* Whether a way back had begun. */
static bool was_going_back;


/* Synced to disk before it returns. Says so where it cannot. */
static bool record(const struct step *step, const char *mark)
{
    if (!step->durable)
        return true;
    char line[512];
    int length = snprintf(line, sizeof line, "{\"mark\":\"%s\",\"step\":\"%s\"}\n", mark, step->id);
    if (length > 0 && (size_t)length < sizeof line && write(journal, line, (size_t)length) == length && fsync(journal) == 0)
        return true;
    refuse_errno("write", journal_path);
    return false;
}

static void note(const char *mark, const char *id)
{
    for (size_t i = 0; i < UP; i++) {
        if (strcmp(plan_up[i].id, id) != 0)
            continue;
        bool begun = strcmp(mark, "begun") == 0, done = strcmp(mark, "done") == 0;
        ran[i] = ran[i] || begun || done;
        finished[i] = done || (finished[i] && !begun);
    }
    for (size_t i = 0; i < DOWN; i++) {
        if (strcmp(plan_down[i].id, id) != 0)
            continue;
        undoing[i] = strcmp(mark, "undoing") == 0;
        undone[i] = undone[i] || strcmp(mark, "undone") == 0;
    }
    if (strcmp(mark, "undoing") == 0 || strcmp(mark, "undone") == 0)
        was_going_back = true;
}

/* A line that was torn by a power loss means nothing: its step had not been started, or is known as begun. */
static void read_line(char *line)
{
    static const char head[] = "{\"mark\":\"", middle[] = "\",\"step\":\"", tail[] = "\"}";
    if (strncmp(line, head, sizeof head - 1) != 0)
        return;
    char *mark = line + sizeof head - 1, *end = strstr(mark, middle);
    if (end == NULL)
        return;
    char *id = end + sizeof middle - 1;
    size_t length = strlen(id);
    if (length < sizeof tail || strcmp(id + length - (sizeof tail - 1), tail) != 0)
        return;
    *end = '\0';
    id[length - (sizeof tail - 1)] = '\0';
    note(mark, id);
}

/* Reads what a run before left. -1 with a complaint; else how many bytes there were. */
static off_t read_journal(void)
{
    struct stat file;
    if (fstat(journal, &file) < 0 || file.st_size > (off_t)1 << 30) {
        refuse_errno("read", journal_path);
        return -1;
    }
    char *text = calloc(1, (size_t)file.st_size + 1);
    if (text == NULL || pread(journal, text, (size_t)file.st_size, 0) != (ssize_t)file.st_size) {
        refuse_errno("read", journal_path);
        free(text);
        return -1;
    }
    bool torn = file.st_size > 0 && text[file.st_size - 1] != '\n';
    for (char *line = strtok(text, "\n"); line != NULL; line = strtok(NULL, "\n"))
        read_line(line);
    free(text);
    if (torn && write(journal, "\n", 1) != 1) {
        refuse_errno("write", journal_path);
        return -1;
    }
    return file.st_size;
}

/* Locks the journal: 0, or the process that has it. Not flock(2): a helper that is stuck in the kernel would keep it. */
static pid_t lock_journal(void)
{
    struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
    if (fcntl(journal, F_SETLK, &lock) == 0)
        return 0;
    lock = (struct flock){ .l_type = F_WRLCK, .l_whence = SEEK_SET };
    return fcntl(journal, F_GETLK, &lock) == 0 && lock.l_type != F_UNLCK ? lock.l_pid : -1;
}

static bool open_journal(int flags)
{
    journal = open(journal_path, O_RDWR | O_APPEND | O_CLOEXEC | O_NOFOLLOW | flags, 0600);
    return journal >= 0;
}

/* Whether the file that was locked is still the one that its path names. */
static bool journal_is_there(void)
{
    struct stat file;
    return fstat(journal, &file) == 0 && file.st_nlink > 0;
}
