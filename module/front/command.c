// SPDX-License-Identifier: GPL-2.0
/*
 * command.c - one line: its verb is found, its words are checked, it is run
 *
 * Called by debugfs.c.  The processes and maps that the line names are looked up
 * and proven by maps.c before anything is changed.
 */
#include "front/command.h"
#include "front/maps.h"
#include "front/trigger.h"
#include "front/verbs.h"
#include "oracle/folio_obs.h"
#include "oracle/frames.h"
#include "race/conclude.h"
#include "state/held.h"
#include "state/record.h"
#include "state/stats.h"
#include "state/stop.h"
#include "steer/grid.h"
#include "steer/lockcount.h"
#include "steer/schedule.h"

/* Are all of the huge pages held?  Then they were proven when they were taken. */
static bool all_held(struct thprace_session *s, struct thprace_job *job, struct mm_struct *mm)
{
	unsigned int i;
	u64 off;

	for (i = 0; i < job->spec.nr_maps; i++)
		for (off = 0; off < job->spec.map[i].len; off += PMD_SIZE)
			if (!thprace_held_has(s, mm, job->spec.map[i].addr + off))
				return false;
	return true;
}

static int prove_maps(struct thprace_session *s, struct thprace_job *job)
{
	u32 flags = job->verb->flags;
	unsigned int i;
	int ret = 0;

	for (i = 0; i < job->mms.nr && !ret; i++) {
		/* no mmap_lock for what is held */
		if ((flags & F_HELD) && all_held(s, job, job->mms.mm[i]))
			continue;
		ret = thprace_stopped(&job->stop);
		if (!ret)
			ret = thprace_maps_prove(&job->spec, &job->mms, i, flags & F_SHARED,
						 job->holes);
	}
	return ret;
}

/* What a report says of the command; undone when it fails. */
static int run_named(struct thprace_session *s, struct thprace_job *job)
{
	bool named = job->spec.given & W(SCENARIO);
	char scenario[THPRACE_NAME_LEN];
	const char *command = s->command;
	int ret;

	WRITE_ONCE(s->command, job->verb->name);
	if (named)
		thprace_record_name(s, job->spec.scenario, scenario);
	thprace_stat_add(THPRACE_STAT_COMMANDS, 1);
	ret = job->verb->fn(s, job);
	if (!ret || ret == -EINTR)
		return ret;
	WRITE_ONCE(s->command, command);
	if (named)
		thprace_record_name(s, scenario, NULL);
	return ret;
}

static int run_job(struct thprace_session *s, struct thprace_job *job)
{
	int ret = 0;

	if (job->verb->takes & W(PID)) {
		ret = thprace_mms_get(&job->mms, &job->spec);
		job->stop.mm = job->mms.mm;
		job->stop.pid = job->mms.pid;
		job->stop.nr = job->mms.nr;
		if (!ret)
			ret = prove_maps(s, job);
	}
	if (!ret) {
		if ((job->verb->flags & F_SERIAL) && !mutex_trylock(&s->cmd_lock)) {
			ret = -EBUSY;
		} else {
			ret = run_named(s, job);
			if (job->verb->flags & F_SERIAL)
				mutex_unlock(&s->cmd_lock);
		}
	}
	thprace_mms_put(&job->mms);
	if (ret == -EINTR)
		WRITE_ONCE(s->aborted, true);
	return ret;
}

static int parse_job(struct thprace_job *job, const struct thprace_verb *verb, const char *line,
		     size_t len)
{
	int ret = 0;

	job->verb = verb;
	if (len) {
		ret = thprace_trigger_parse(&job->spec, line, len);
		if (ret)
			return ret;
	}
	if ((job->spec.given & ~verb->takes) ||
	    (verb->needs & ~job->spec.given))
		return -EINVAL;
	return 0;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/**
 * thprace_command() - run one session command
 * @s: the session
 * @line: "VERB words...", not terminated
 * @len: its length
 *
 * Context: process context, may sleep. Return: 0 or an errno of docs/ABI.md.
 */
int thprace_command(struct thprace_session *s, const char *line, size_t len)
{
	struct thprace_job *job;
	size_t n = 0;
	unsigned int i;
	int ret = -EINVAL;

	while (len && is_blank(*line)) {
		line++;
		len--;
	}
	while (n < len && !is_blank(line[n]) && line[n] != '\n')
		n++;
	for (i = 0; i < thprace_nr_verbs; i++)
		if (strlen(thprace_verbs[i].name) == n && !memcmp(thprace_verbs[i].name, line, n))
			break;
	if (i == thprace_nr_verbs)
		return -EINVAL;
	while (n < len && is_blank(line[n]))
		n++;
	if (n + 1 == len && line[n] == '\n')
		n++;
	job = kvzalloc(sizeof(*job), GFP_KERNEL);
	if (!job)
		return -ENOMEM;
	ret = parse_job(job, &thprace_verbs[i], line + n, len - n);
	job->holes = thprace_verbs[i].flags & F_HOLES;
	if (!ret)
		ret = thprace_lockcount_get(s);
	if (!ret)
		ret = run_job(s, job);
	kvfree(job);
	return ret;
}

static int run_trigger(struct thprace_session *s, enum thprace_trigger_kind kind,
		       const char *line, size_t len)
{
	struct thprace_job *job = kvzalloc(sizeof(*job), GFP_KERNEL);
	int ret;

	if (!job)
		return -ENOMEM;
	ret = len ? parse_job(job, &thprace_verbs[kind], line, len) : -EINVAL;
	if (!ret && (job->spec.given & W(LANE)))
		ret = -EINVAL;
	if (!ret) {
		if (kind != THPRACE_TRIGGER_RACE)
			thprace_report_run(s, &job->spec);
		ret = thprace_lockcount_get(s);
	}
	job->stop.any_signal = true;
	if (!ret)
		ret = run_job(s, job);
	kvfree(job);
	return ret;
}

/**
 * thprace_command_trigger() - run one line of a shell trigger
 * @s: a session of its own, for the report
 * @kind: which file was written
 * @line: the words, not terminated
 * @len: length
 * @error: why there is no line, or 0
 *
 * Context: process context, may sleep. Return: 0 or an errno of docs/ABI.md.
 */
int thprace_command_trigger(struct thprace_session *s, enum thprace_trigger_kind kind,
			    const char *line, size_t len, int error)
{
	s->command = thprace_verbs[kind].name;
	s->error = error ? error : run_trigger(s, kind, line, len);
	return s->error;
}

/**
 * thprace_command_end() - end a session: every layer gives back what it keeps in it
 * @s: no command runs; freed
 *
 * Context: process context.
 */
void thprace_command_end(struct thprace_session *s)
{
	thprace_conclude(s);
	thprace_schedule_free(s);
	thprace_lockcount_put(s);
	thprace_grid_free(s);
	thprace_observer_free(s->observer);
	thprace_frames_end(s);
	thprace_session_destroy(s);
}
