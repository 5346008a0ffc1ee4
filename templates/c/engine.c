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
    if (outcome == FAILED)
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

/* Walks the way back of the steps that ran. One that fails is told, and the rest goes on. Returns how many failed. */
static size_t go_back(void)
{
    size_t left = 0;
    if (unsettled_step != NULL && !settled()) {
        /* Whatever is looked up on the host may be otherwise a moment later. */
        ran[unsettled_step - plan_up] = false;
        say("The kernel is still carrying out %s; --down takes it back once that is over.", unsettled_step->id);
        left++;
    }
    for (size_t i = 0; i < DOWN; i++) {
        const struct step *step = &plan_down[i];
        if (step->undoes == NOTHING || !ran[step->undoes] || undone[i])
            continue;
        if (!record(step, "undoing"))
            say("  %s", complaint);
        enum outcome outcome = perform(step);
        told(step, outcome);
        if (outcome == FAILED)
            left++;
        else if (outcome == DONE && !record(step, "undone"))
            say("  %s", complaint);
    }
    return left;
}

/* Whether a device is on its VFIO driver: whoever is not cannot be opened, and was not handed out. */
static bool is_handed_out(const struct step *cause)
{
    struct path driver;
    if (cause->kind != STEP_BIND_DRIVER)
        return true;
    return bound_driver(cause->binding.device, &driver) > 0 && strcmp(driver.text, cause->binding.driver) == 0;
}

/* Whether `up` opens the device that a step of `recover` is about, so that its way back silences it. */
static bool held_by_plan(const struct step *step)
{
    for (size_t i = 0; i < RECOVER; i++) {
        if (plan_recover[i].kind != STEP_OPEN_DEVICE || plan_recover[i].undoes != step->undoes)
            continue;
        for (size_t k = 0; k < UP; k++)
            if (plan_up[k].kind == STEP_OPEN_DEVICE &&
                strcmp(plan_up[k].open.device.address, plan_recover[i].open.device.address) == 0)
                return true;
    }
    return false;
}

static bool closes(const struct step *step)
{
    return step->kind == STEP_CLOSE || (step->kind == STEP_UNSET_CONTAINER && fds[step->handle] >= 0);
}

/*
 * Silences the devices that somebody had who is gone: they are opened, quiesced, reset and closed. With `crashed` those
 * too that the plan itself held. Where a step fails, what is open of that device is closed, and the next one follows.
 * Returns how many devices could not be silenced.
 */
static size_t recover(bool crashed)
{
    size_t left = 0;
    bool failing = false;
    for (size_t i = 0; i < RECOVER; i++) {
        const struct step *step = &plan_recover[i];
        const struct step *cause = step->undoes == NOTHING ? NULL : &plan_up[step->undoes];
        /* The journal knows nothing of a step that is not durable. */
        if (cause == NULL || (cause->durable && !ran[step->undoes]) || (!crashed && held_by_plan(step)))
            continue;
        if (step->kind == STEP_OPEN_CONTAINER)
            failing = !is_handed_out(cause);
        if (failing && !closes(step))
            continue;
        enum outcome outcome = perform(step);
        told(step, outcome);
        if (outcome != FAILED)
            continue;
        failing = true;
        left++;
    }
    return left;
}

/* A device that somebody still has open would keep the way back waiting, for ever: found before anything is changed. */
static bool nobody_holds(void)
{
    bool free = true;
    for (size_t i = 0; i < DOWN; i++) {
        const struct step *step = &plan_down[i];
        bool runs = step->undoes != NOTHING && ran[step->undoes] && !undone[i];
        if (!runs || step->kind != STEP_UNBIND_DRIVER || !step->binding.vfio)
            continue;
        if (refuse_while_held(step->binding.device) == DONE)
            continue;
        say("%s", complaint);
        free = false;
    }
    return free;
}
