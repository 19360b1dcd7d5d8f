# SPDX-License-Identifier: GPL-2.0
#
# The verdict on one guest: awk -v kernel=... -v accel=... -v wall=... \
#	[-v json=FILE] -f judge.awk STATUS CONSOLE
# STATUS is what vm/init said, CONSOLE is the kernel's log. Exits with vm/run's
# status; the first complaint goes to stdout. Called by vm/run; tested by
# vm/test/judge_test.sh.
#
# Precedence: a kernel complaint, then a lost guest, then the command's status.

# Not a complaint, though it has the words of one.
function harmless(l)
{
	return l ~ /^(Kernel c|C)ommand line:/ ||
	       l ~ /^Unknown kernel command line/ ||
	       # arch/x86/kernel/cpu/bugs.c: how safe the CPU is
	       l ~ /^(Spectre V[12]|Speculati(on|ve) [A-Za-z ]+|MDS|TAA|MMIO Stale Data) ?: WARNING: / ||
	       l ~ /^(Register File Data Sampling|SRBDS|GDS|RETBleed|ITS|L1TF|L1D Flush|VMSCAPE) ?: WARNING: / ||
	       l ~ /^(Transient Scheduler Attacks|mitigations) ?: WARNING: / ||
	       l ~ /^process: WARNING: polling idle and HT enabled/ ||
	       l ~ /^WARNING: 'bootconfig' found on the kernel command line/ ||
	       l ~ /WARNING: BIOS bug: CPU MTRRs/ ||
	       # a program's fault, with its name
	       l ~ /^traps: .+\[[0-9]+\] (general protection|trap|bad frame)/ ||
	       # the module's, the last with words of users; a program of that name may
	       # well have a complaint
	       l ~ /^thprace: ((injected )?(violation|block)|refused)[ :]/
}

function complaint(l)
{
	return l ~ /(^|[^A-Za-z_])(BUG|WARNING):/ ||
	       l ~ /^BUG [^ ]+ \(/ ||
	       l ~ /[Kk]ernel BUG at / || l ~ /PAGETABLE BUG #/ ||
	       l ~ /^Oops(:| )/ || l ~ /Internal error: / ||
	       l ~ /^(general protection|double|stack segment|alignment check) ?fault/ ||
	       l ~ /: [0-9a-f]+ \[#[0-9]+\]/ ||	# each die(), whatever it calls the trap
	       l ~ /^note: .* exited with (preempt_count|irqs disabled)/ ||
	       l ~ /^huh, entered softirq / ||
	       l ~ /CFI failure at / ||
	       l ~ /Thread overran stack, or stack corrupted/ ||
	       l ~ /^(traps: )?PANIC: / ||
	       l ~ /Kernel panic - not syncing/ ||
	       l ~ /[Uu]nable to handle kernel / ||
	       l ~ /Bad (page state|page map|rss-counter|pagetable|page cache|swap)/ ||
	       l ~ /: bad (pgd|p4d|pud|pmd|pte)[ :]/ ||
	       l ~ /: Corrupted page table at address / ||
	       l ~ /Unused swap (file|offset) entry/ ||
	       l ~ /zram: Decompression failed/ ||
	       l ~ /Page cache invalidation failure on direct I\/O/ ||
	       l ~ /pagealloc: (memory corruption|single bit error)/ ||
	       l ~ /Kernel memory (exposure|overwrite) attempt detected/ ||
	       l ~ /^slab error in |^Slab corruption/ ||
	       l ~ /Fix your code!/ ||
	       l ~ /page dumped because/ ||
	       l ~ /list_(add|del)(_[a-z]+)? corruption/ ||
	       l ~ /rcu(_[a-z]+)?: INFO: .*stall/ || l ~ /^INFO: rcu_.* stall/ ||
	       l ~ /rcu_[a-z]+ (kthread starved|kthread timer wakeup)/ ||
	       l ~ /^INFO: task .* blocked (for more than|in I\/O wait for more than|on a)/ ||
	       l ~ /^INFO: (possible|inconsistent|suspicious|lockdep|trying|SOFTIRQ|HARDIRQ|RECLAIM)/ ||
	       l ~ /possible (circular|recursive|irq|deadlock)/ ||
	       l ~ /(DEBUG_LOCKS_WARN_ON|BUG_ON)\(/ ||
	       l ~ /turning off the locking correctness validator/ ||
	       l ~ /^(UBSAN|KASAN|KFENCE|KCSAN|KMSAN): .*(in |at )/ ||
	       l ~ /kmemleak: [1-9][0-9]* new suspected memory leak/ ||
	       l ~ /^unreferenced object 0x/ ||
	       l ~ /refcount_t: / || l ~ /Missing ENDBR/ ||
	       l ~ /page_table_check: / ||
	       l ~ /Kernel stack is corrupted/ ||
	       l ~ /Kernel stack overflow|stack guard page was hit/ ||
	       l ~ /[Ww]atchdog (CPU:[0-9]+ )?detected hard LOCKUP/ ||
	       l ~ /self-detected hard LOCKUP/ ||
	       l ~ /^sched_ext: (Hard|Soft) lockup - CPU/ ||
	       l ~ /soft lockup - CPU#/ || l ~ /workqueue lockup/
}

function bit(n, b)
{
	return int(n / 2 ^ b) % 2
}

# The taints that are complaints: M, B, D, W, L.
function taint_letters(n,	t)
{
	t = ""
	if (bit(n, 4)) t = t "M"
	if (bit(n, 5)) t = t "B"
	if (bit(n, 7)) t = t "D"
	if (bit(n, 9)) t = t "W"
	if (bit(n, 14)) t = t "L"
	return t
}

function quoted(s)
{
	if (s == "")
		return "null"
	gsub(/\\/, "\\\\", s)
	gsub(/"/, "\\\"", s)
	gsub(/[\001-\037\177]/, " ", s)
	return "\"" s "\""
}

BEGIN {
	status = ARGV[1]
	code = -1
}

{ sub(/\r$/, "") }

FILENAME == status {
	if ($1 == "exit" && $2 ~ /^[0-9]+$/)
		code = $2 + 0
	else if ($1 == "taint")
		tainted = taint_letters($3)
	else if ($1 == "insmod" || $1 == "rmmod")
		failed = $1
	else if ($1 == "end")
		ended = 1
	next
}

splat == "" {
	line = $0
	while (sub(/^\[ *[0-9TC.]+\] ?/, "", line))
		;
	if (line ~ /^-+\[ cut here \]-+/)
		cut = line
	else if (!harmless(line) && complaint(line))
		splat = line
}

END {
	if (splat == "" && cut != "")
		splat = cut
	if (splat == "" && tainted != "")
		splat = "tainted: " tainted

	if (splat != "")
		rc = 5
	else if (!ended)
		rc = 6
	else if (failed == "insmod" || code < 0)
		rc = 2
	else if (failed == "rmmod" && code == 0)
		rc = 1
	else if (code == 5 || code == 6)
		rc = 2	# ours to say, not the command's
	else
		rc = code

	split("fail error inconclusive skip splat lost", name, " ")
	verdict = rc == 0 ? "pass" : rc in name ? name[rc] : "error"
	if (json != "")
		printf "{\"verdict\":\"%s\",\"exit_status\":%s,\"splat\":%s,\"kernel\":%s,\"accel\":%s,\"wall_s\":%s}\n",
		       verdict, code < 0 ? "null" : code, quoted(splat), quoted(kernel),
		       quoted(accel), wall + 0 >json
	if (splat != "")
		print "the kernel complained: " splat
	if (!ended)
		print "the guest was lost" (code < 0 ? " before the command ended" : " after the command ended")
	if (failed != "")
		print failed " of the module failed"
	exit rc
}
