// SPDX-License-Identifier: GPL-2.0
/*
 * command.c - one line: its verb is found, its words are checked, it is run
 *
 * Called by debugfs.c.  The processes and maps that the line names are looked up
 * and proven by maps.c before anything is changed.
 */
#include "front/command.h"
#include "front/maps.h"
#include "front/refused.h"
#include "front/trigger.h"
#include "front/verbs.h"
#include "front/word.h"
#include "oracle/folio_obs.h"
#include "oracle/frames.h"
#include "race/conclude.h"
#include "state/held.h"
#include "state/off.h"
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
			if (!thprace_held_has(s, mm, job->spec.map[i].addr + off, PMD_SIZE))
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
						 job->holes, &job->no);
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
		ret = thprace_mms_get(&job->mms, &job->spec, &job->no);
		job->stop.mm = job->mms.mm;
		job->stop.pid = job->mms.pid;
		job->stop.nr = job->mms.nr;
		if (!ret)
			ret = prove_maps(s, job);
	}
	if (!ret) {
		if ((job->verb->flags & F_SERIAL) && !mutex_trylock(&s->cmd_lock)) {
			ret = thprace_refuse(&job->no, -EBUSY,
					     "another race, arm, round, reset or bench of this session runs");
		} else {
			ret = run_named(s, job);
			if (job->verb->flags & F_SERIAL)
				mutex_unlock(&s->cmd_lock);
		}
	}
	thprace_mms_put(&job->mms);
	if (ret == -EBUSY && thprace_is_off() && !(job->verb->flags & F_OFF)) {
		thprace_refuse(&job->no, ret, THPRACE_OFF_TEXT);
		WRITE_ONCE(s->aborted, true);
	}
	if (ret == -EINTR)
		WRITE_ONCE(s->aborted, true);
	return ret;
}

/* The probes are placed, unless thprace is switched off; then most commands are refused. */
static int begin_job(struct thprace_session *s, struct thprace_job *job)
{
	if (thprace_is_off() && !(job->verb->flags & F_OFF))
		return thprace_refuse(&job->no, -EBUSY, THPRACE_OFF_TEXT);
	return thprace_lockcount_get(s);
}

/* "map= op=": of a bitmap of words */
static void list_words(struct thprace_refusal *no, u32 map)
{
	unsigned int i;

	for (i = 0; i < THPRACE_NR_WORDS; i++)
		if (map & BIT(i))
			thprace_refuse_more(no, 0, " %s=", thprace_word_name(i));
	if (!map)
		thprace_refuse_more(no, 0, " no words");
}

static int parse_job(struct thprace_job *job, const struct thprace_verb *verb, const char *line,
		     size_t len)
{
	struct thprace_refusal *no = &job->no;
	u32 other, lacking;
	int ret = 0;

	job->verb = verb;
	if (len) {
		ret = thprace_trigger_parse(&job->spec, line, len, no);
		if (ret && no->unknown) {
			thprace_refuse_more(no, 0, "; %s takes", verb->name);
			list_words(no, verb->takes);
		}
		if (ret)
			return ret;
	}
	other = job->spec.given & ~verb->takes;
	lacking = verb->needs & ~job->spec.given;
	if (other) {
		const char *name = thprace_word_name(__ffs(other));

		thprace_refuse_word(no, name, strlen(name));
		ret = thprace_refuse(no, -EINVAL, "%s does not take it, but", verb->name);
		list_words(no, verb->takes);
	} else if (lacking) {
		ret = thprace_refuse(no, -EINVAL, "%s needs also", verb->name);
		list_words(no, lacking);
	}
	return ret;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* The verb of a line is looked up; *@used gets the bytes of its name. */
static const struct thprace_verb *find_verb(const char *line, size_t len, size_t *used)
{
	unsigned int i;
	size_t n = 0;

	while (n < len && !is_blank(line[n]) && line[n] != '\n')
		n++;
	*used = n;
	for (i = 0; i < thprace_nr_verbs; i++)
		if (strlen(thprace_verbs[i].name) == n && !memcmp(thprace_verbs[i].name, line, n))
			return &thprace_verbs[i];
	return NULL;
}

static int refuse_verb(struct thprace_refusal *no, const char *line, size_t len)
{
	unsigned int i;

	thprace_refuse_word(no, line, len);
	thprace_refuse(no, 0, "there is no such command, but");
	for (i = 0; i < thprace_nr_verbs; i++)
		thprace_refuse_more(no, 0, " %s", thprace_verbs[i].name);
	return -EINVAL;
}

static int run_command(struct thprace_session *s, struct thprace_job *job, const char *line,
		       size_t len)
{
	const struct thprace_verb *verb;
	size_t n;
	int ret;

	while (len && is_blank(*line)) {
		line++;
		len--;
	}
	verb = find_verb(line, len, &n);
	if (!verb)
		return refuse_verb(&job->no, line, n);
	while (n < len && is_blank(line[n]))
		n++;
	if (n + 1 == len && line[n] == '\n')
		n++;
	ret = parse_job(job, verb, line + n, len - n);
	job->holes = verb->flags & F_HOLES ? THPRACE_HOLES_OTHERS : THPRACE_HOLES_NONE;
	if (!ret)
		ret = begin_job(s, job);
	return ret ? ret : run_job(s, job);
}

/**
 * thprace_command() - run one session command
 * @s: the session
 * @line: "VERB words...", not terminated
 * @len: its length
 * @error: why there is no line, or 0
 *
 * Context: process context, may sleep. Return: 0 or an errno of docs/ABI.md.
 */
int thprace_command(struct thprace_session *s, const char *line, size_t len, int error)
{
	struct thprace_job *job = kvzalloc(sizeof(*job), GFP_KERNEL);
	int ret = error;

	if (!job)
		return -ENOMEM;
	if (!ret)
		ret = run_command(s, job, line, len);
	if (ret)
		thprace_refused(s, job->verb ? job->verb->name : "session", &job->no, ret);
	kvfree(job);
	return ret;
}

static int run_trigger(struct thprace_session *s, struct thprace_job *job, const char *line,
		       size_t len)
{
	const struct thprace_verb *verb = job->verb;
	int ret;

	ret = parse_job(job, verb, line, len);
	if (!ret && (job->spec.given & W(LANE))) {
		thprace_refuse_word(&job->no, "lane", 4);
		ret = thprace_refuse(&job->no, -EINVAL, "only sessions have lanes: see help");
	}
	if (ret)
		return ret;
	/* a race reports the seed that it chooses as well */
	if (verb != &thprace_verbs[THPRACE_TRIGGER_RACE])
		thprace_report_run(s, &job->spec);
	ret = begin_job(s, job);
	job->stop.any_signal = true;
	job->holes = verb->flags & F_HOLES ? THPRACE_HOLES_INSIDE : THPRACE_HOLES_NONE;
	return ret ? ret : run_job(s, job);
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
	const struct thprace_verb *verb = &thprace_verbs[kind];
	struct thprace_job *job = kvzalloc(sizeof(*job), GFP_KERNEL);

	s->command = verb->name;
	s->error = error;
	if (!job) {
		s->error = -ENOMEM;
		return -ENOMEM;
	}
	job->verb = verb;
	if (!error)
		s->error = run_trigger(s, job, line, len);
	if (s->error) {
		thprace_refused(s, verb->name, &job->no, s->error);
		thprace_refused_keep(s, verb->name, line, len, s->error);
	}
	kvfree(job);
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
