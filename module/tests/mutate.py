#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Break rules.c, sums.h, controls.c, rows.c, known.c, calibrate.c, calibration.c, the parser, cause.c and block.c
one place at a time: the tests must notice.

Each mutation is a text that occurs in the file and what replaces it.  Prints
one line each; fails if a text is gone or a mutant passes all tests.
"""
import os
import resource
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))

RULES = [
    ("kept ? obs->ptes[i] + base : -1;", "kept ? obs->ptes[i] + base + 1 : -1;"),
    ("kept ? obs->ptes[i] + base : -1;", "obs->ptes[i] + base;"),
    ("return (s32)obs->pmd_maps - 1;", "return (s32)!!obs->pmd_maps;"),
    ("return obs->flags & FLAG(DOUBLE_MAP) ? 0 : -1;", "return obs->pmd_maps > 2 ? 0 : -1;"),
    ("if (!(obs->flags & FLAG(ANON)))\n\t\treturn (s32)", "if (0)\n\t\treturn (s32)"),
    ("if (!(obs->flags & FLAG(LARGE)) || !(obs->caps & CAP(DOUBLE_MAP)))\n\t\treturn -1;",
     "if (!(obs->flags & FLAG(LARGE)))\n\t\treturn -1;"),
    ("if (!(obs->flags & FLAG(LARGE)) || !(obs->caps & CAP(DOUBLE_MAP)))\n\t\treturn -1;", ""),
    ("bool kept = !(obs->flags & FLAG(LARGE)) || (obs->caps & CAP(PAGE_MAPCOUNT));",
     "bool kept = obs->caps & CAP(PAGE_MAPCOUNT);"),
    ("if (obs->mapcount[i] == want)", "if (obs->mapcount[i] >= want)"),
    ("for (i = 0; i < obs->nr; i = obs->end[i]) {\n\t\ts32 want",
     "for (i = obs->end[0]; i < obs->nr; i = obs->end[i]) {\n\t\ts32 want"),
    ("for (i = 0; i < obs->nr; i = obs->end[i]) {\n\t\ts32 want",
     "for (i = 0; i < obs->nr; i++) {\n\t\ts32 want"),
    ("for (i = 0; i < obs->nr; i = obs->end[i]) {\n\t\ts32 want",
     "for (i = 0; i < obs->nr; i += obs->nr) {\n\t\ts32 want"),
    ("for (i = 0; i < obs->nr; i = obs->end[i]) {\n\t\tu32 maps",
     "for (i = 0; i < obs->nr; i++) {\n\t\tu32 maps"),
    ("for (i = 0; i < obs->nr; i = obs->end[i]) {\n\t\tu32 maps",
     "for (i = obs->end[0]; i < obs->nr; i = obs->end[i]) {\n\t\tu32 maps"),
    ("expect(obs, f, (s64)obs->pmd_maps - 1, obs->entire", "expect(obs, f, (s64)!!obs->pmd_maps - 1, obs->entire"),
    ("expect(obs, f, want - 1, obs->large_mapcount,", "expect(obs, f, want, obs->large_mapcount,"),
    ("expect(obs, f, want, obs->large_mapcount,", "expect(obs, f, obs->large_mapcount, obs->large_mapcount,"),
    ("want += obs->entirely_mapped;", "want += obs->pmd_maps * obs->entirely_mapped;"),
    ("obs->mm_id[i] ? count < 1 : count != 0", "count < 0"),
    ("if (count > (obs->mm_id[i] ? obs->mm_maps[i] : 0))", "if (0)"),
    ("if (count > (obs->mm_id[i] ? obs->mm_maps[i] : 0))", "if (count != (obs->mm_id[i] ? obs->mm_maps[i] : 0))"),
    ("if (obs->mm_id[0] && obs->mm_id[0] == obs->mm_id[1])", "if (0)"),
    ("else if (!(obs->flags & FLAG(MAPPED_SHARED)) && most != total)", "else if (0)"),
    ("else if (!(obs->flags & FLAG(MAPPED_SHARED)) && most != total)", "else if (most != total)"),
    ("if (count > most)", "if (!i)"),
    ("if (got < want)\n\t\tviolated", "if (got < want - 1)\n\t\tviolated"),
    ("else if (why_open(obs))", "else if (0)"),
    ("else if (!(obs->flags & FLAG(ANON)) && !nr_mappings(obs))", "else if (0)"),
    ("else if (!(obs->flags & FLAG(REFS_SETTLED)))", "else if (0)"),
    ("else if (!(obs->flags & FLAG(LRU)) || (obs->flags & FLAG(SWAPCACHE)))", "else if (obs->flags & FLAG(SWAPCACHE))"),
    ("else if (!(obs->flags & FLAG(LRU)) || (obs->flags & FLAG(SWAPCACHE)))", "else if (!(obs->flags & FLAG(LRU)))"),
    ("return obs->incomplete ? obs->incomplete :", "return "),
    ("else if (!(obs->flags & FLAG(REFS_SETTLED)))", "else if (1)"),
    ("if (obs->census_missing.nr)", "if (0)"),
    ("if (obs->linear.nr)", "if (0)"),
    ("if (!obs->chain.nr)", "if (1)"),
    ("case THPRACE_CHAIN_NONE:", "case -1:"),
    ("case THPRACE_CHAIN_FREED:", "case -1:"),
    ("case THPRACE_CHAIN_NOT_OWN:", "case -1:"),
    ("case THPRACE_CHAIN_ROOT:", "case -1:"),
    ("if (obs->geometry.nr)", "if (0)"),
    ("else if (obs->pmd_maps)\n\t\theld(f);", "else\n\t\theld(f);"),
    ("bool all = obs->pmd_maps && obs->exclusive[0];", "bool all = false;"),
    ("if (obs->pmd_maps && obs->pmd_writable && !obs->exclusive[0])", "if (0)"),
    ("if ((all || obs->exclusive[i]) && maps > 1)", "if (all && maps > 1)"),
    ("if ((all || obs->exclusive[i]) && maps > 1)", "if ((all || obs->exclusive[i]) && maps > 2)"),
    ("if (obs->ptes[i] && obs->writable[i] && !obs->exclusive[i])", "if (0)"),
    ("if (obs->mig_held.nr)", "if (0)"),
    ("if (queued && (marked ||", "if (0 && (marked ||"),
    ("if (queued && (marked ||", "if (queued && (0 ||"),
    ("|| !(obs->caps & CAP(PARTIALLY_MAPPED))))", "|| 1))"),
    ("|| !(obs->caps & CAP(PARTIALLY_MAPPED))))", "))"),
    ("if (got < 0)\n\t\twrong", "if (0)\n\t\twrong"),
    ("else if (frame->mapped && !got)", "else if (0)"),
    ("else if (frame->mapped && !got)", "else if (frame->mapped)"),
    ("if (!frame->ours || !got)", "if (!got)"),
    ("if (!frame->mappings && got > want)", "if (0)"),
    ("if (!frame->mappings && got > want)", "if (got > want)"),
    ("if (!frame->mappings && got > want)", "if (!frame->mappings && got)"),
    ("else if (frame->locked)", "else if (0)"),
    ("} else if (!frame->settled) {", "} else if (0) {"),
    ("} else if (!frame->settled) {", "} else if (1) {"),
    ("f->want = frame->mapped;", ""),
    ("else if (!marked && !is_partially_mapped(obs))", "else if (!is_partially_mapped(obs))"),
    ("else if (obs->refcount > known_refs(obs))", "else if (0)"),
    ("else if (marked)", "else if (0)"),
    ("else if (obs->flags & FLAG(SWAPCACHE))", "else if (0)"),
    ("else if (!(obs->flags & FLAG(UNDISTURBED)))", "else if (0)"),
    ("if (obs->flags & FLAG(COMPLETE))\n\t\treturn NULL;", "return NULL;"),
    ("skip = rule->complete ? why_open(obs) : NULL;", "skip = why_open(obs);"),
    ("if (!(checks & BIT_ULL(i)) || !rule_applies(rule, obs))", "if (!rule_applies(rule, obs))"),
    ("if (rule->caps && !(rule->caps & obs->caps))\n\t\treturn false;", ""),
    ("return (obs->flags & rule->is) == rule->is;", "return true;"),
    ("nothing_found(&finding[i]);", ""),
    ("any |= finding[i].outcome == THPRACE_VIOLATED;", "any |= finding[i].outcome == THPRACE_HELD;"),
    ("any |= finding[i].outcome == THPRACE_VIOLATED;", ""),
    ("f->addr = obs->addr + (u64)index * THPRACE_PAGE_SIZE;", "f->addr = obs->addr;"),
    ("f->addr = bad->addr;", "f->addr = 0;"),
]

SUMS = [
    ("for (i = 0; i < obs->nr; i = obs->end[i])\n\t\tif (obs->ptes[i])\n\t\t\tnr +=",
     "for (i = 0; i < obs->nr; i++)\n\t\tif (obs->ptes[i])\n\t\t\tnr +="),
    ("if (obs->ptes[i])\n\t\t\tnr += obs->end[i] - i;",
     "nr += obs->ptes[i] * (obs->end[i] - i);"),
    ("nr += obs->end[i] - i;", "nr++;"),
    ("nr += obs->end[i] - i;", "nr += obs->end[i];"),
    ("refs += obs->own_refs;", ""),
    ("if (obs->flags & FLAG(SWAPCACHE))\n\t\treturn refs + obs->nr;", ""),
    ("if (!(obs->flags & FLAG(ANON)) && mappings)", "if (!(obs->flags & FLAG(ANON)))"),
    ("if (obs->flags & FLAG(HAS_PRIVATE))", "if (0)"),
    ("if (obs->pmd_maps)\n\t\treturn false;", ""),
    ("? nr_pte_mapped(obs) : obs->sum_ptes;", "? obs->sum_ptes : obs->sum_ptes;"),
    ("? nr_pte_mapped(obs) : obs->sum_ptes;", "? nr_pte_mapped(obs) : nr_pte_mapped(obs);"),
    ("return nr && nr < obs->nr;", "return nr < obs->nr;"),
    ("return nr && nr < obs->nr;", "return nr && nr <= obs->nr;"),
    ("#define DEFERRED_MIN_NR\t4", "#define DEFERRED_MIN_NR\t2"),
    ("#define DEFERRED_MIN_NR\t4", "#define DEFERRED_MIN_NR\t8"),
]

CONTROLS = [
    ("if (i == obs->nr)\n\t\ti = 0;\n\tthprace_obs_cut(obs, i, i + 1);\n", "if (i == obs->nr)\n\t\ti = 0;\n"),
    ("thprace_obs_cut(obs, i, i + 1);\n\tobs->exclusive", "obs->exclusive"),
    ("for (i = 0; i < obs->nr; i = obs->end[i])\n\t\tif (obs->ptes[i])\n\t\t\treturn i;",
     "for (i = 0; i < obs->nr; i++)\n\t\tif (obs->ptes[i])\n\t\t\treturn i;"),
]

ROWS = [
    ("obs->mapcount[at] = obs->mapcount[row];", ""),
    ("obs->exclusive[at] = obs->exclusive[row];", ""),
    ("obs->ptes[at] = obs->ptes[row];", ""),
    ("obs->writable[at] = obs->writable[row];", ""),
    ("obs->end[at] = obs->end[row];", ""),
    ("obs->end[at] = obs->end[row];", "obs->end[at] = obs->nr;"),
    ("obs->end[row] = at;", ""),
    ("if (at >= obs->nr)\n\t\treturn at;", "if (at > obs->nr)\n\t\treturn at;"),
    ("while (obs->end[row] <= at)", "while (obs->end[row] < at)"),
    ("while (obs->end[row] <= at)", "if (obs->end[row] <= at)"),
    ("if (row == at)\n\t\treturn at;", ""),
    ("return a->ptes[i] == b->ptes[j] && ", "return "),
    ("a->mapcount[i] == b->mapcount[j] &&\n", "\n"),
    ("a->writable[i] == b->writable[j] &&\n", "\n"),
    ("(a->exclusive[i] == b->exclusive[j] || ((i || j) && !a->sum_ptes));", "1;"),
    ("((i || j) && !a->sum_ptes)", "!a->sum_ptes"),
    ("((i || j) && !a->sum_ptes)", "(i && !a->sum_ptes)"),
    ("((i || j) && !a->sum_ptes)", "(j && !a->sum_ptes)"),
    ("((i || j) && !a->sum_ptes)", "(i || j)"),
    ("((i || j) && !a->sum_ptes)", "0"),
    ("if (memcmp(a, b, offsetof(struct thprace_obs, end)))\n\t\treturn false;", ""),
    ("offsetof(struct thprace_obs, end)", "sizeof(*a)"),
    ("while (i < a->nr && j < b->nr)", "if (1)"),
    ("if (!same_page(a, i, b, j))", "if (0)"),
    ("if (end_a <= end_b)", "if (1)"),
    ("if (end_b <= end_a)", "if (1)"),
]

CHARS = [
    ("if (digit >= base)", "if (digit > 16)"),
    ("overflow |= n >> 60;", "overflow |= n >> 63;"),
    ("(n == 1844674407370955161ULL && digit > 5);", "0;"),
    ("return n < min || n > max ? -ERANGE : 0;", "return n > max ? -ERANGE : 0;"),
    ("return n < min || n > max ? -ERANGE : 0;", "return n < min ? -ERANGE : 0;"),
    ("if (!len || len >= THPRACE_NAME_LEN)", "if (!len || len > THPRACE_NAME_LEN)"),
    ("if (!allowed(s[i]))", "if (0)"),
    ("return strlen(name) == len && !memcmp(s, name, len);", "return !memcmp(s, name, len);"),
]

WORD = [
    ("if (spec->pid[i] == (s32)pid)", "if (0)"),
    ("if ((addr | bytes) & (THPRACE_PMD_SIZE - 1))", "if (addr & (THPRACE_PMD_SIZE - 1))"),
    ("if ((addr | bytes) & (THPRACE_PMD_SIZE - 1))", "if (bytes & (THPRACE_PMD_SIZE - 1))"),
    ("if (addr > U64_MAX - bytes)", "if (0)"),
    ("if (addr < m->addr + m->len && m->addr < addr + bytes)", "if (addr == m->addr)"),
    ("if (addr < m->addr + m->len && m->addr < addr + bytes)",
     "if (addr <= m->addr + m->len && m->addr < addr + bytes)"),
    ("if (!strcmp(spec->op[i].name, op->name))", "if (0)"),
    ("if (total_lanes(spec) > THPRACE_MAX_LANES)", "if (0)"),
    ("if (*bits & BIT_ULL(check))", "if (0)"),
    ("if (step->kind != THPRACE_STEP_ENTER || hash < len)", "if (hash < len)"),
    ("if (step->kind != THPRACE_STEP_ENTER || hash < len)", "if (step->kind != THPRACE_STEP_ENTER)"),
    ("if (spec->nr_steps == THPRACE_MAX_STEPS)", "if (spec->nr_steps == THPRACE_MAX_STEPS - 1)"),
    ("if (!spec->nr_steps)", "if (0)"),
    ("if (row->times == 1 && spec->given & BIT_ULL(word))", "if (0)"),
    ("if (word_count(spec, word) >= row->times)", "if (word_count(spec, word) > row->times)"),
    ("if (step->nth > 1)", "if (step->nth > 2)"),
]

TRIGGER = [
    ("if (len > THPRACE_MAX_LINE)", "if (len > THPRACE_MAX_LINE + 1)"),
    ("if (len && line[len - 1] == '\\n')\n\t\tlen--;", ""),
    ("if (*used < len && !is_blank(s[*used]))", "if (0)"),
    ("if (!(spec->given & BIT_ULL(THPRACE_WORD_LANE)))", "if (0)"),
    ("spec->op[i].lanes = 1;", ""),
    ("if (!spec->given)", "if (0)"),
    ("memset(spec, 0, sizeof(*spec));", ""),
    ("if (at >= size)", "if (at > size)"),
]

CAUSE = [
    ("pfn / THPRACE_HPAGE_NR + 1", "pfn + 1"),
    ("return pfn ? ", "return 1 ? "),
    ("if (n && !runs->more && runs", "if (n && runs"),
    ("if (key->control != f->control)", "if (0)"),
    ("if (folio && folio == key->folio)", "if (folio == key->folio)"),
    ("if (folio && folio == key->folio)", "if (0)"),
    ("return f->lock && f->lock == key->lock && (f->by_lock || key->by_lock);",
     "return f->lock && f->lock == key->lock;"),
    ("return f->lock && f->lock == key->lock && (f->by_lock || key->by_lock);",
     "return f->lock && f->lock == key->lock && f->by_lock;"),
    ("return f->lock && f->lock == key->lock && (f->by_lock || key->by_lock);",
     "return f->lock == key->lock && f->by_lock;"),
    ("t->nr_keys < THPRACE_BATCH_CAUSES ? t->nr_keys : THPRACE_BATCH_CAUSES;", "0;"),
    ("t->nr_keys++ % THPRACE_BATCH_CAUSES", "t->nr_keys++ % (THPRACE_BATCH_CAUSES + 1)"),
    ("if (t->nr == THPRACE_SESSION_BLOCKS)", "if (0)"),
    ("return t->nr < THPRACE_SESSION_BLOCKS;", "return true;"),
    ("(f->by_lock ? wants_lock(c, f) : !c->has_folio)", "!c->has_folio"),
    ("return !c->has_lock || (f->lock && !c->seen_lock.id);", "return !c->has_lock;"),
    ("return !c->has_lock || (f->lock && !c->seen_lock.id);", "return true;"),
    ("c->batch = t->batch;", ""),
    ("c->control = f->control;", ""),
    ("if (thprace_check_rank(check) < thprace_check_rank(c->check)) {", "if (1) {"),
    ("if (thprace_check_rank(check) < thprace_check_rank(c->check)) {", "if (c->nr == 1) {"),
    ("c->want = f->want;", ""),
    ("if (f->seen_folio && !c->has_folio) {", "if (f->seen_folio) {"),
    ("if (!key->lock)\n\t\tkey->lock = f->lock;", ""),
    ("if (!key->folio)\n\t\tkey->folio = thprace_folio_key(f->pfn);", ""),
    ("key->by_lock |= f->by_lock;", ""),
    ("t->batch++;", ""),
    ("t->nr_keys = 0;", ""),
    ("t->nr = 0;", ""),
]

BLOCK = [
    ("l->len + n >= sizeof(l->buf)", "0"),
    ("if (l->len - begun + len > max)", "if (0)"),
    ("l->buf[l->len] = '\\0';\n", ""),
    ("if (!pid) {", "if (0) {"),
    ("comm[i] > ' ' && comm[i] < 0x7f", "1"),
    ("at = at ? at + 1 : text;", "at = text;"),
    ("if (len && !strchr(at, '='))", "if (len)"),
    ("if (runs->run[i].last != runs->run[i].first)", "if (1)"),
    ("if (l->raw || !thprace_check_has_pointers(c->check))", "if (1)"),
    ("if (f->order)\n\t\t\tadd(l, \" entire", "if (1)\n\t\t\tadd(l, \" entire"),
    ("if (f->order && f->has_pages)", "if (1)"),
    ("if (f->counted) {\n\t\tif", "if (1) {\n\t\tif"),
    ("lane->step > 1", "lane->step > 2"),
    ("if (lane->ended)", "if (1)"),
    ("if (l->len + 1 + len >= sizeof(l->buf)) {", "if (0) {"),
    ("symbol[strcspn(symbol, \"/ \")] = '\\0';", ""),
    ("if (l->cut)\n\t\t\tbreak;", ""),
    ("runs += f->map[i].entries.more;", ""),
    ("say_more(&l, f->mapcount.more,", "say_more(&l, 0,"),
    ("say_more(&l, l.cut,", "say_more(&l, 0,"),
]

KNOWN = [
    ("obs->ptes[i] != ptes ||", ""),
    ("|| obs->writable[i] != (alone && ptes)", ""),
    ("(alone && ptes)", "alone"),
    ("page >= hole && page < 2 * hole", "page > hole && page < 2 * hole"),
    ("page >= hole && page < 2 * hole", "page >= hole && page <= 2 * hole"),
    ("return known[state].hole && page", "return page"),
    ("(obs->flags & (need | not)) == need", "(obs->flags & need) == need"),
    ("(obs->flags & (need | not)) == need", "(obs->flags & not) == 0"),
    ("&& obs->nr == known[state].nr &&", "&&"),
    ("obs->pmd_maps == known[state].pmds &&", ""),
    ("(known[state].pmds == 1 && !known[state].ptes)", "(known[state].pmds == 1)"),
    ("obs->pmd_writable == (known[state].pmds == 1 && !known[state].ptes) &&", ""),
    ("checks &= known[state].held;", ""),
    ("if (fresh)\n\t\tjudge_shared", "judge_shared"),
    ("f->outcome != THPRACE_HELD || shared", "shared"),
    ("f->want = !shared;", "f->want = shared;"),
    ("finding[i].outcome == THPRACE_HELD)", "finding[i].outcome != THPRACE_VIOLATED)"),
    ("!(checks & BIT_ULL(i)) || finding", "finding"),
    ("if (finding[i].outcome == THPRACE_NOT_APPLICABLE)", "if (0)"),
]

CALIBRATE = [
    ("if (c->pfn && obs->pfn != c->pfn)\n\t\treturn false;", ""),
    ("c->pfn = c->obs.pfn;", ""),
    ("#define NR_PASSES\t4", "#define NR_PASSES\t3"),
    ("#define NR_PASSES\t4", "#define NR_PASSES\t5"),
    ("keep_wrong(a, &c->answers);", ""),
    ("!(now->wrong & BIT_ULL(i)) || now->state", "now->state"),
    ("|| now->state[i] != a->state[i]", ""),
    ("if (why || !c->answers.wrong)", "if (1)"),
    ("!thprace_obs_equal(&c->obs, &c->again)", "0"),
    ("if (!wrong)\n\t\t\tbreak;", "break;"),
    ("if (wrong && (!judge_look", "if (0 && (!judge_look"),
    ("|| calls == NR_CALLS)", ")"),
    ("c->answers.right &= ~c->answers.wrong;", ""),
    ("obs->flags |= BIT(THPRACE_OBS_UNDISTURBED);", ""),
]

CALIBRATION = [
    ("f->by_lock = true;", ""),
    ("f->lock = (unsigned long)&found;", ""),
    ("f->looks = 2;", ""),
    ("} else if (done && tested) {", "} else if (done) {"),
    ("if (!tested)\n\t\t\t\tthprace_quiesced_off", "if (0)\n\t\t\t\tthprace_quiesced_off"),
    ("i == THPRACE_CHECK_CALIBRATION ? tested : !tested", "0"),
    ("thprace_quiesced_off(i, NULL);", ""),
    ("if (done && !found.wrong) {", "if (0) {"),
]

CPU_SECONDS = 20

TESTS = {
    "oracle/rules.c": ("test_judge", "test_judge_anon", "test_controls", "test_frames",
                       "test_model"),
    "oracle/sums.h": ("test_judge", "test_judge_anon", "test_controls", "test_frames",
                       "test_model"),
    "oracle/controls.c": ("test_controls", "test_model"),
    "oracle/rows.c": ("test_judge", "test_judge_anon", "test_controls", "test_model"),
    "oracle/known.c": ("test_known",),
    "oracle/calibrate.c": ("test_calibrate",),
    "oracle/calibration.c": ("test_calibrate",),
    "front/chars.h": ("test_trigger", "test_print"),
    "front/word.c": ("test_trigger", "test_print"),
    "front/trigger.c": ("test_trigger", "test_print"),
    "state/cause.c": ("test_block",),
    "state/block.c": ("test_block",),
}


def limit_cpu():
    """A mutant that never ends is noticed, too."""
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))


def try_one(snapshot, name, old, new):
    with open(os.path.join(snapshot, "module", name), encoding="utf-8") as f:
        text = f.read()
    if old not in text:
        return False, "is gone from the source"
    with tempfile.TemporaryDirectory() as top:
        shutil.copytree(snapshot, top, dirs_exist_ok=True)
        with open(os.path.join(top, "module", name), "w", encoding="utf-8") as f:
            f.write(text.replace(old, new, 1))
        # The quickest test first: most mutants get no further.
        for test in TESTS[name]:
            # No sanitizers: a mutant must be noticed for what it does.
            made = subprocess.run(
                ["make", "-s", "-C", os.path.join(top, "module", "tests"), "SANITIZE=",
                 "CFLAGS=-O0 -Wno-error", "TESTS=" + test, "run"],
                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
                preexec_fn=limit_cpu)
            if "passed," not in made.stdout:
                return False, "does not build: " + made.stdout[:200]
            if made.returncode != 0:
                return True, "noticed"
    return False, "survives"


def main():
    jobs = [("oracle/rules.c", *m) for m in RULES] + \
        [("oracle/sums.h", *m) for m in SUMS] + \
        [("oracle/controls.c", *m) for m in CONTROLS] + \
        [("oracle/rows.c", *m) for m in ROWS] + \
        [("oracle/known.c", *m) for m in KNOWN] + \
        [("oracle/calibrate.c", *m) for m in CALIBRATE] + \
        [("oracle/calibration.c", *m) for m in CALIBRATION] + \
        [("front/chars.h", *m) for m in CHARS] + \
        [("front/word.c", *m) for m in WORD] + [("front/trigger.c", *m) for m in TRIGGER] + \
        [("state/cause.c", *m) for m in CAUSE] + [("state/block.c", *m) for m in BLOCK]
    bad = 0
    # The sources may be edited while this runs.
    with tempfile.TemporaryDirectory() as snapshot, ThreadPoolExecutor(os.cpu_count()) as pool:
        for part in ("include", "module"):
            shutil.copytree(os.path.join(ROOT, part), os.path.join(snapshot, part),
                            ignore=shutil.ignore_patterns("build", "*.o", "*.ko"))
        results = pool.map(lambda job: try_one(snapshot, *job), jobs)
        for (name, old, new), (ok, what) in zip(jobs, results):
            bad += not ok
            print(f"{'ok' if ok else 'not ok'} - {name}: {old!r} -> {new!r}: {what}", flush=True)
    print(f"{len(jobs) - bad} noticed, {bad} not")
    return bad != 0


if __name__ == "__main__":
    sys.exit(main())
