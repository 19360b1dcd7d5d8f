// SPDX-License-Identifier: GPL-2.0
/*
 * The flags of /proc/kpageflags, and the fields of pagemap, by name
 *
 * Pure: Documentation/admin-guide/mm/pagemap.rst as a table.
 */
#include <string.h>

#include "pageflags.h"
#include "util.h"

#define PM_PRESENT		BIT_ULL(63)
#define PM_SWAP			BIT_ULL(62)
#define PM_FILE			BIT_ULL(61)
#define PM_EXCLUSIVE		BIT_ULL(56)
#define PM_SOFT_DIRTY		BIT_ULL(55)
#define PM_PFRAME_MASK		(BIT_ULL(55) - 1)
#define PM_SWAP_TYPE		31

/* By bit. */
static const char *const names[] = {
	"locked", "error", "referenced", "uptodate", "dirty", "lru", "active", "slab",
	"writeback", "reclaim", "buddy", "mmap", "anon", "swapcache", "swapbacked", "head",
	"tail", "hugetlb", "unevictable", "hwpoison", "nopage", "ksm", "thp", "offline",
	"zero", "idle", "pgtable",
};

static size_t add(char *buf, size_t size, size_t len, const char *text)
{
	if (len < size)
		len += snprintf(buf + len, size - len, "%s%s", len ? "," : "", text);
	return len;
}

/**
 * pageflags_text() - the names of flags, with commas between
 * @buf: result; "-" for none
 * @size: of @buf
 * @flags: as /proc/kpageflags has them; those without a name are left out
 */
void pageflags_text(char *buf, size_t size, u64 flags)
{
	size_t len = 0;
	unsigned int i;

	copy_word(buf, size, "-");
	for (i = 0; i < ARRAY_SIZE(names); i++) {
		if (flags >> i & 1)
			len = add(buf, size, len, names[i]);
	}
}

/**
 * pagemap_text() - an entry of pagemap as keys of a block
 * @buf: result
 * @size: of @buf
 * @entry: as pagemap has it
 *
 * A migration entry looks like swap there; its type says more.
 */
void pagemap_text(char *buf, size_t size, u64 entry)
{
	char flags[64] = "-";
	size_t len = 0;

	if (entry & PM_FILE)
		len = add(flags, sizeof(flags), len, "file");
	if (entry & PM_EXCLUSIVE)
		len = add(flags, sizeof(flags), len, "exclusive");
	if (entry & PM_SOFT_DIRTY)
		add(flags, sizeof(flags), len, "soft-dirty");
	if (entry & PM_PRESENT)
		snprintf(buf, size, "entry=present pfn=0x%llx flags=%s", entry & PM_PFRAME_MASK,
			 flags);
	else if (entry & PM_SWAP)
		snprintf(buf, size, "entry=swap-or-migration type=%llu offset=0x%llx flags=%s",
			 entry & PM_SWAP_TYPE, (entry & PM_PFRAME_MASK) >> 5, flags);
	else
		snprintf(buf, size, "entry=none");
}
