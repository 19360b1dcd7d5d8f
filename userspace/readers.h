/* SPDX-License-Identifier: GPL-2.0 */
/* Lanes that read, beside the two of a pair */
#ifndef THPRACE_READERS_H
#define THPRACE_READERS_H

#define MIN_READERS	2
#define MAX_READERS	13		/* and main: each lane has a letter */
#define READER_OP	"fault"

struct pair_choice;
struct target;

unsigned int readers_nr(void);
void readers_choose(struct pair_choice *may);
void reader_draw(struct target *t);

#endif /* THPRACE_READERS_H */
