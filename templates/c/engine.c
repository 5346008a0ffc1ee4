/* ---- Walking the plan, and walking it back -------------------------------------------------------------------------- */

static bool verbose;

/* The signals that end a run cleanly. They stay blocked, and are looked at between steps: a step is never cut short. */
static sigset_t watched;

static void watch_signals(void)
{
    sigset_t blocked;
    sigemptyset(&watched);
    sigaddset(&watched, SIGINT);
    sigaddset(&watched, SIGTERM);
    sigaddset(&watched, SIGHUP);
    blocked = watched;
    sigaddset(&blocked, SIGCHLD);
    sigprocmask(SIG_BLOCK, &blocked, NULL);
}

/* A signal that has arrived and was not asked for yet; 0 for none. */
static int signal_arrived(void)
{
    struct timespec now = { 0, 0 };
    int number = sigtimedwait(&watched, NULL, &now);
    return number > 0 ? number : 0;
}

static void told(const struct step *step, enum outcome outcome)
{
    if (outcome == DONE && (verbose || step->durable))
        say("  ok      %s", step->words);
    if (outcome == WARNED)
        say("  skipped %s: %s", step->words, complaint);
    if (outcome == FAILED || outcome == LOST || outcome == TAKEN)
        say("  FAILED  %s\n          %s", step->words, complaint);
}

/* The durable step of `up` whose time was up, while the kernel is still at it; NULL for none. */
static const struct step *unsettled_step;

/* Carries `up` out and stops at the first step that fails. `signal` becomes the one that stopped it, if any. */
static bool go_up(int *signal)
{
    for (size_t i = 0; i < UP; i++) {
        const struct step *step = &plan_up[i];
        *signal = signal_arrived();
        if (*signal != 0) {
            say("A signal arrived before %s.", step->id);
            return false;
        }
        enum outcome outcome = record(step, "begun") ? perform(step) : FAILED;
        told(step, outcome);
        /* A durable step that failed may have had an effect; its way back looks at the host and decides. */
        ran[i] = outcome == DONE || step->durable;
        finished[i] = outcome == DONE;
        if (outcome == FAILED) {
            unsettled_step = unsettled != 0 ? step : NULL;
            say("Failed at step %zu of %zu (%s).", i + 1, UP, step->id);
            return false;
        }
        if (outcome == DONE && !record(step, "done"))
            say("  %s", complaint);
    }
    return true;
}

/* Resources of devices that could not be silenced: nobody else gets them. A plan has fewer than steps. */
static const char *loud[DOWN_ROOM + RECOVER_ROOM];
static size_t loud_count;
/* Their groups: what is in them can be reached by them. */
static long loud_groups[DOWN_ROOM + RECOVER_ROOM];
static size_t loud_group_count;

static bool is_loud(const char *resource)
{
    for (size_t i = 0; i < loud_count; i++)
        if (strcmp(loud[i], resource) == 0)
            return true;
    return false;
}

/* A device could not leave its VFIO driver; the next way back opens it to silence it again, as the run did. */
static bool one_is_stranded;

static bool is_silenced_again(const char *resource)
{
    for (size_t i = 0; i < RECOVER; i++)
        if (plan_recover[i].kind == STEP_OPEN_DEVICE && strcmp(plan_recover[i].resource, resource) == 0)
            return true;
    return false;
}

static bool quiesces(const struct step *step)
{
    return (step->kind == STEP_WRITE_REGION || step->kind == STEP_MODIFY_REGION || step->kind == STEP_EXPECT_REGION ||
            step->kind == STEP_POLL_REGION) &&
           step->access.quiesce;
}

/* Whether nothing but its reset silences a device. */
static bool is_all_there_is(const struct step *reset)
{
    for (size_t i = 0; i < DOWN; i++)
        if (strcmp(plan_down[i].resource, reset->resource) == 0 && quiesces(&plan_down[i]))
            return false;
    return true;
}

/* Takes note of the group of a device that is loud. */
static void note_group(const char *resource)
{
    for (size_t i = 0; i < UP; i++) {
        const struct device_ref *device = device_of(&plan_up[i]);
        if (device == NULL || strcmp(plan_up[i].resource, resource) != 0)
            continue;
        long group = group_of(*device);
        if (group >= 0)
            loud_groups[loud_group_count++] = group;
        return;
    }
}

/*
 * Whether a step has to be left for a later way back: a device that is loud stays where nobody else gets it, and so do the
 * others of its group, whose memory it can reach; and no switch of the kernel is turned that silencing it may need.
 */
static bool is_held_back(const struct step *step)
{
    if (step->kind == STEP_SET_MODULE_PARAMETER)
        return loud_count > 0 || one_is_stranded;
    if (loud_count == 0 || !step->durable)
        return false;
    if (is_loud(step->resource))
        return true;
    const struct device_ref *device = device_of(step);
    long group = device == NULL ? -1 : group_of(*device);
    for (size_t i = 0; group >= 0 && i < loud_group_count; i++)
        if (loud_groups[i] == group)
            return true;
    return false;
}

/* Whether a step of `down` is for a run of which the steps in `ran` ran. */
static bool takes_back(size_t i)
{
    int undoes = plan_down[i].undoes;
    return undoes != NOTHING && ran[undoes] && !undone[i];
}

/* Takes note of what a step of the way back that failed keeps others from. */
static void could_not_take_back(const struct step *step)
{
    if (quiesces(step) || (step->kind == STEP_RESET_DEVICE && is_all_there_is(step))) {
        loud[loud_count++] = step->resource;
        note_group(step->resource);
    }
    if (step->kind == STEP_UNBIND_DRIVER && is_silenced_again(step->resource))
        one_is_stranded = true;
}

/*
 * Walks the way back of the steps that ran. One that fails is told, and the rest goes on, so that as much as possible of the
 * host comes back; but a device that could not be silenced is not given to anybody. Returns how many steps are left.
 */
static size_t go_back(void)
{
    size_t left = 0;
    for (size_t i = 0; i < loud_count; i++)
        note_group(loud[i]);
    if (unsettled_step != NULL && !settled()) {
        /* Whatever is looked up on the host may be otherwise a moment later. */
        ran[unsettled_step - plan_up] = false;
        say("The kernel is still carrying out %s; --down takes it back once that is over.", unsettled_step->id);
        left++;
    }
    for (size_t i = 0; i < DOWN; i++) {
        const struct step *step = &plan_down[i];
        if (!takes_back(i) || is_held_back(step) || is_taken(step->resource))
            continue;
        past_is_unknown = undoing[i] || !finished[step->undoes];
        if (!record(step, "undoing"))
            say("  %s", complaint);
        enum outcome outcome = perform(step);
        if ((outcome == DONE || outcome == LOST) && !record(step, "undone"))
            say("  %s", complaint);
        bool came_to_nothing = outcome != DONE && outcome != WARNED;
        if (came_to_nothing && is_gone(step))
            continue;
        if (came_to_nothing && (outcome = with_fate(step, outcome)) == TAKEN)
            note_taken(step->resource);
        told(step, outcome);
        if (came_to_nothing) {
            left++;
            could_not_take_back(step);
        }
    }
    return left;
}

static bool can_close(const struct step *step)
{
    return (step->kind == STEP_CLOSE || step->kind == STEP_UNSET_CONTAINER) && fds[step->handle] >= 0;
}

/*
 * Silences the devices whose holder is gone: they are opened, quiesced, reset and closed. After a failure what is open is
 * closed all the same. Returns how many devices could not be silenced.
 */
static size_t recover(void)
{
    static const char *elsewhere[2 * RECOVER_ROOM];
    size_t elsewhere_count = RECOVER > 0 ? in_half_taken_groups(elsewhere) : 0;
    for (size_t i = 0; i < RECOVER; i++)
        if (plan_recover[i].kind == STEP_OPEN_DEVICE && !is_on_vfio(plan_recover[i].open.device))
            elsewhere[elsewhere_count++] = plan_recover[i].resource;
    for (size_t i = 0; i < RECOVER; i++) {
        const struct step *step = &plan_recover[i];
        bool skipped = is_loud(step->resource) && !can_close(step);
        /* The journal knows nothing of a step that is not durable. */
        if (step->undoes != NOTHING && plan_up[step->undoes].durable && !ran[step->undoes])
            skipped = true;
        for (size_t k = 0; k < elsewhere_count; k++)
            skipped = skipped || strcmp(elsewhere[k], step->resource) == 0;
        if (skipped)
            continue;
        enum outcome outcome = perform(step);
        told(step, outcome);
        if (outcome == FAILED && !is_loud(step->resource))
            loud[loud_count++] = step->resource;
    }
    return loud_count;
}

/* Adds the devices that were unbound by hand to those that are loud; returns how many there are. */
static size_t keep_unbound(void)
{
    size_t count = 0;
    for (size_t i = 0; i < RECOVER; i++) {
        if (!unbound[i])
            continue;
        count++;
        if (!is_loud(plan_recover[i].resource))
            loud[loud_count++] = plan_recover[i].resource;
    }
    return count;
}

/* A device that somebody uses would keep an unbind waiting, for ever: found before anything is changed. */
static bool nobody_uses(const struct step *steps, size_t count, bool back)
{
    bool nobody = true;
    for (size_t i = 0; i < count; i++) {
        const struct step *step = &steps[i];
        if (step->kind != STEP_UNBIND_DRIVER || (back && (!takes_back(i) || !is_vfio_driver(step->binding.driver))))
            continue;
        if (refuse_unbind_while_used(step) == DONE)
            continue;
        say("%s", complaint);
        nobody = false;
    }
    return nobody;
}
