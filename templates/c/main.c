/* ---- The command line ----------------------------------------------------------------------------------------------- */

/* Exit statuses, as vfio-compose has them. */
enum status {
    ALL_DONE = 0,
    TAKEN_BACK = 1,
    REFUSED = 5,
    NOT_TAKEN_BACK = 6,
    LOCKED = 7,
    USAGE = 64,
    PRIVILEGE = 77,
    INTERRUPTED = 130,
    TERMINATED = 143
};

static int status_of(int signal)
{
    return signal == SIGINT ? INTERRUPTED : TERMINATED;
}

/* The end of a way back: the journal goes with the last of it. */
static bool came_back(size_t left)
{
    if (left > 0) {
        say("Not everything came back. When the cause is gone, run this with --down: it goes on from there.");
        return false;
    }
    unlink(journal_path);
    return true;
}

/* The way back of a run whose process is gone: what it held went with its descriptors, the rest is in the journal. */
static int bring_back(void)
{
    if (!nobody_uses(plan_down, DOWN, true)) {
        say("Nothing was changed.");
        return REFUSED;
    }
    find_unbound();
    size_t left = recover();
    left += keep_unbound();
    left += go_back();
    return came_back(left) ? ALL_DONE : NOT_TAKEN_BACK;
}

static bool holds_something(void)
{
    for (size_t i = 0; i < UP; i++)
        if (plan_up[i].kind == STEP_OPEN_CONTAINER)
            return true;
    return false;
}

/* Of a plan that holds nothing: its last run came up, and its process ended as it should. */
static bool is_up_already(void)
{
    if (was_going_back || holds_something())
        return false;
    for (size_t i = 0; i < UP; i++)
        if (plan_up[i].durable && !finished[i])
            return false;
    return true;
}

/* A fresh run: what is known of the one before is over with it. */
static bool start_afresh(void)
{
    memset(ran, 0, sizeof ran);
    memset(finished, 0, sizeof finished);
    memset(undone, 0, sizeof undone);
    memset(undoing, 0, sizeof undoing);
    if (journal_is_there() && ftruncate(journal, 0) == 0)
        return true;
    close(journal);
    return open_journal(O_CREAT) && lock_journal() == 0;
}

static int hold(void)
{
    int signal;
    say("Project %s is up, held by this process (pid %ld). SIGINT or SIGTERM takes it back.", PROJECT, (long)getpid());
    while ((signal = sigwaitinfo(&watched, NULL)) < 0)
        continue;
    if (!came_back(go_back()))
        return NOT_TAKEN_BACK;
    say("Project %s is down; the host is as it was.", PROJECT);
    return status_of(signal);
}

static int no_journal(void)
{
    bool denied = errno == EACCES || errno == EPERM;
    say("%s cannot be opened: %s.%s", journal_path, strerror(errno),
        denied ? " Run as root, or name another with --journal." : "");
    return denied ? PRIVILEGE : NOT_TAKEN_BACK;
}

static int up(void)
{
    if (!open_journal(O_CREAT))
        return no_journal();
    pid_t owner = lock_journal();
    if (owner != 0) {
        say("Project %s is held by pid %ld.", PROJECT, (long)owner);
        return LOCKED;
    }
    off_t before = read_journal();
    if (before < 0) {
        say("%s", complaint);
        return NOT_TAKEN_BACK;
    }
    if (before > 0 && is_up_already()) {
        say("Project %s is up already; nothing to do.", PROJECT);
        return ALL_DONE;
    }
    if (before > 0) {
        say("Project %s did not end cleanly; bringing the host back first.", PROJECT);
        int status = bring_back();
        if (status != ALL_DONE)
            return status;
    }
    if (!start_afresh())
        return no_journal();
    if (!facts_hold()) {
        unlink(journal_path);
        say("Nothing was changed. This program is for one host as it was; plan again on the host as it is.");
        return REFUSED;
    }
    if (!nobody_uses(plan_up, UP, false)) {
        unlink(journal_path);
        say("Nothing was changed.");
        return REFUSED;
    }
    int signal = 0;
    if (!go_up(&signal)) {
        if (!came_back(go_back()))
            return NOT_TAKEN_BACK;
        say("Everything that had been done was taken back; the host is as it was.");
        return signal != 0 ? status_of(signal) : TAKEN_BACK;
    }
    if (holds_something())
        return hold();
    say("Project %s is up (bound). --down takes it back.", PROJECT);
    return ALL_DONE;
}

/* Asks the process that holds the project to take it back, and waits for it. */
static int wait_for_owner(pid_t owner)
{
    struct timespec tick = { 0, 50000000 };
    say("Project %s is held by pid %ld; it takes the host back.", PROJECT, (long)owner);
    if (owner > 0 && kill(owner, SIGTERM) < 0 && errno != ESRCH) {
        say("pid %ld belongs to another user; run this as that user or as root.", (long)owner);
        return LOCKED;
    }
    while (lock_journal() != 0)
        if (sigtimedwait(&watched, NULL, &tick) > 0)
            return LOCKED;
    return ALL_DONE;
}

static int down(void)
{
    if (!open_journal(0)) {
        if (errno != ENOENT)
            return no_journal();
        say("Project %s is not up; nothing to do.", PROJECT);
        return ALL_DONE;
    }
    pid_t owner = lock_journal();
    int status = owner == 0 ? ALL_DONE : wait_for_owner(owner);
    if (status != ALL_DONE)
        return status;
    if (journal_is_there()) {
        if (read_journal() < 0) {
            say("%s", complaint);
            return NOT_TAKEN_BACK;
        }
        status = bring_back();
    }
    if (status == ALL_DONE)
        say("Project %s is down; the host is as it was.", PROJECT);
    return status;
}

static void print_steps(const char *title, const struct step *steps, size_t count)
{
    printf("%s, %zu step%s\n", title, count, count == 1 ? "" : "s");
    for (size_t i = 0; i < count; i++)
        printf("  %4zu %c %s\n", i + 1, steps[i].durable ? '*' : ' ', steps[i].words);
}

static int dry_run(void)
{
    printf("Project %s\n", PROJECT);
    print_steps("Up", plan_up, UP);
    print_steps("Down", plan_down, DOWN);
    print_steps("Recover", plan_recover, RECOVER);
    return ALL_DONE;
}

static int usage(const char *program)
{
    say("usage: %s [--dry-run | --down] [--journal FILE] [--verbose]\n"
        "  without an option  carries the plan out and holds it until SIGINT or SIGTERM, then takes it back\n"
        "  --down             takes back what a run that ended otherwise has left\n"
        "  --dry-run          prints the steps and takes none\n"
        "  --journal FILE     where the steps that outlive this program are recorded (%s)\n"
        "  --verbose          says every step, not only those",
        program, journal_path);
    return USAGE;
}

int main(int argc, char **argv)
{
    bool going_down = false, dry = false;
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--down") == 0)
            going_down = true;
        else if (strcmp(argv[i], "--dry-run") == 0)
            dry = true;
        else if (strcmp(argv[i], "--verbose") == 0)
            verbose = true;
        else if (strcmp(argv[i], "--journal") == 0 && i + 1 < argc)
            journal_path = argv[++i];
        else
            return usage(argv[0]);
    }
    if (dry)
        return dry_run();
    forget_handles();
    watch_signals();
    return going_down ? down() : up();
}
