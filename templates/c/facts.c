/* ---- The host that the plan was made for ---------------------------------------------------------------------------- */

static struct path limit_text(rlim_t limit)
{
    return limit == RLIM_INFINITY ? path_of("unlimited") : path_of("%llu", (unsigned long long)limit);
}

/* What a fact is now; false for "it has none". */
static bool fact_now(const struct fact *fact, struct path *now)
{
    struct utsname machine;
    char real[PATH_MAX];
    size_t entries = 0;
    struct rlimit limit;
    DIR *folder;
    switch (fact->kind) {
    case FACT_MACHINE:
        if (uname(&machine) < 0)
            return false;
        *now = path_of("%s", machine.machine);
        return true;
    case FACT_PAGE_SIZE:
        *now = path_of("%ld", sysconf(_SC_PAGESIZE));
        return true;
    case FACT_LINK_NAME:
        return link_name(fact->path, now);
    case FACT_REAL_PATH:
        if (realpath(fact->path, real) == NULL)
            return false;
        *now = path_of("%s", real);
        return true;
    case FACT_TEXT:
        return read_text(fact->path, now) && now->text[0] != '\0' && strcmp(now->text, "(null)") != 0;
    case FACT_ENTRIES:
        folder = opendir(fact->path);
        if (folder == NULL)
            return false;
        for (struct dirent *entry; (entry = readdir(folder)) != NULL;)
            entries += entry->d_name[0] != '.';
        closedir(folder);
        *now = path_of("%zu", entries);
        return true;
    case FACT_EXISTS:
        *now = path_of("there");
        return exists(fact->path);
    case FACT_LOCK_LIMIT:
        if (getrlimit(RLIMIT_MEMLOCK, &limit) < 0)
            return false;
        *now = path_of("%s of %s", limit_text(limit.rlim_cur).text, limit_text(limit.rlim_max).text);
        return true;
    }
    return false;
}

static const char *shown(const char *value)
{
    return value == NULL ? "nothing" : value;
}

/* Says every fact that no longer holds. The program for another machine is refused before anything is touched. */
static bool facts_hold(void)
{
    bool hold = true;
    for (size_t i = 0; i < FACTS; i++) {
        const struct fact *fact = &plan_facts[i];
        struct path now;
        const char *value = fact_now(fact, &now) ? now.text : NULL;
        if (value == NULL ? fact->value == NULL : fact->value != NULL && strcmp(value, fact->value) == 0)
            continue;
        say("The %s was %s when the plan was made and is %s now.", fact->what, shown(fact->value), shown(value));
        hold = false;
    }
    return hold;
}
