// SPDX-License-Identifier: GPL-2.0
/*
 * Events and parameters of the module, for tests
 *
 * In an instance of tracefs of our own, so that nobody else's buffer is touched.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "trace.h"

/* NULL: there is none. */
const char *trace_dir(void)
{
	static const char * const dirs[] = {
		"/sys/kernel/tracing", "/sys/kernel/debug/tracing",
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(dirs); i++) {
		char path[128];

		snprintf(path, sizeof(path), "%s/instances", dirs[i]);
		if (!access(path, F_OK))
			return dirs[i];
	}
	return NULL;
}

const char *trace_file(const char *file)
{
	static char path[256];

	snprintf(path, sizeof(path), "%s/instances/thprace_test%s%s", trace_dir(),
		 *file ? "/" : "", file);
	return path;
}

/* 0 or an errno. */
int trace_write(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_TRUNC | O_CLOEXEC), err = 0;
	size_t len = strlen(text);

	if (fd < 0)
		return errno;
	if (len && write(fd, text, len) != (ssize_t)len)
		err = errno;
	close(fd);
	return err;
}

char *trace_read(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	char *text = malloc(TR_TEXT_MAX);
	size_t len = 0;
	ssize_t n;

	ksft_assert(text && fd >= 0, "%s: %s", path, strerror(errno));
	while (len < TR_TEXT_MAX - 1 && (n = read(fd, text + len, TR_TEXT_MAX - 1 - len)) > 0)
		len += n;
	close(fd);
	text[len] = '\0';
	return text;
}

/* 0 or an errno. */
int trace_set_param(const char *name, const char *value)
{
	char path[128];

	snprintf(path, sizeof(path), TRACE_PARAMS "%s", name);
	return trace_write(path, value);
}

/* Each case begins so, and the last one is followed by it, however it has ended. */
void trace_clean(void)
{
	if (trace_dir())
		rmdir(trace_file(""));
	trace_set_param("on_violation", "log");
	trace_set_param("max_park_ms", "1000");
	trace_set_param("off", "N");
}

void trace_begin(void)
{
	if (!trace_dir())
		ksft_skip("no tracefs");
	ksft_assert(!mkdir(trace_file(""), 0700), "%s: %s", trace_file(""), strerror(errno));
}

void trace_enable(const char *event, bool on)
{
	char file[128];
	int err;

	snprintf(file, sizeof(file), "events/thprace/%s/enable", event);
	err = trace_write(trace_file(file), on ? "1" : "0");
	ksft_assert(!err, "%s: %s", file, strerror(err));
}

void trace_clear(void)
{
	ksft_assert(!trace_write(trace_file("trace"), ""), "the trace cannot be cleared");
}

/* The next line of an event that has all of @what in it, from *@at on; or NULL. */
char *trace_next(char **at, const char *event, const char *what)
{
	char *line, name[64];

	snprintf(name, sizeof(name), ": %s: ", event);
	while (*at && (line = strsep(at, "\n")))
		if (*line != '#' && strstr(line, name) && strstr(line, what))
			return line;
	return NULL;
}

unsigned int trace_nr(const char *event, const char *what)
{
	char *text = trace_read(trace_file("trace")), *at = text;
	unsigned int nr = 0;

	while (trace_next(&at, event, what))
		nr++;
	free(text);
	return nr;
}

/* Lines of any event of ours. */
unsigned int trace_nr_lines(void)
{
	char *text = trace_read(trace_file("trace")), *line, *at = text;
	unsigned int nr = 0;

	while ((line = strsep(&at, "\n")))
		nr += *line && *line != '#';
	free(text);
	return nr;
}

/* The word KEY=VALUE of a line, with the blank before it; the last key goes to the end. */
const char *trace_word(const char *line, const char *key)
{
	static char word[512];
	const char *at;
	char start[64];
	size_t n;

	snprintf(start, sizeof(start), " %s=", key);
	at = strstr(line, start);
	if (!at)
		return NULL;
	n = strcspn(at + 1, strcmp(key, "reason") ? " " : "") + 1;
	snprintf(word, sizeof(word), "%.*s", (int)n, at);
	return word;
}

s64 trace_value(const char *line, const char *key)
{
	const char *word = trace_word(line, key);

	return word ? strtoll(strchr(word, '=') + 1, NULL, 0) : -1;
}

/* Else the case is skipped. */
void trace_need_phase(const char *phase)
{
	const char *reason;

	if (!tr_available("phases", phase, &reason))
		ksft_skip("%s: %s", phase, reason);
}
