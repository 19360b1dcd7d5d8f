#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Tests of vm/bisect without a kernel: KTAP. A copy of it finds a "vm/run" beside itself
# that does what the file "status" of the commit says, and the tree's Makefile "builds".
set -eu

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
# shellcheck source=ktap.sh
. "$here/ktap.sh"
plan_needs git flock make setsid
export HOME="$tmp/home"
unset XDG_CACHE_HOME TMPDIR
mkdir -p "$HOME" "$tmp/t/vm/config" "$tmp/t/kselftest"
cp "$here/../bisect" "$here/../deps" "$tmp/t/vm/"
echo CONFIG_OF_THPRACE=y >"$tmp/t/kselftest/config"
echo CONFIG_OF_GUEST=y >"$tmp/t/vm/config/kdir.config"
git config --global user.name test
git config --global user.email test@localhost
git config --global init.defaultBranch main

# Exits with what the "kernel" says; several numbers: one a try, the last one for ever.
cat >"$tmp/t/vm/run" <<'RUN'
#!/bin/sh
[ "$1" = --kdir ] || exit 2
echo "$*" >>"$HOME/args"
set -- $(cat "$2/image")
if [ "$1" = hang ]; then
	echo $$ >"$HOME/hangs"
	sleep 300
fi
n=$(cat "$HOME/try" 2>/dev/null || echo 0)
echo $((n + 1)) >"$HOME/try"
while [ "$n" -gt 0 ] && [ $# -gt 1 ]; do
	shift
	n=$((n - 1))
done
exit "$1"
RUN
chmod 755 "$tmp/t/vm/run"

# tree STATUS...: a history of one commit each, tags c1, c2...; "broken" does not build
tree=$tmp/tree
tree()
{
	rm -rf "$tree" "$HOME/args" "$HOME/try"
	git init -q "$tree"
	cat >"$tree/Makefile" <<-'MAKE'
	.RECIPEPREFIX = >
	olddefconfig:
	> grep -q CONFIG_OF_USER $(O)/.config && grep -q CONFIG_OF_THPRACE $(O)/.config
	> grep -q CONFIG_OF_GUEST $(O)/.config
	> rm -f $(HOME)/try
	bzImage:
	> ! grep broken status
	> cp status $(O)/image
	modules:
	> echo "$(WITH)" >$(HOME)/with
	MAKE
	printf '.config\n' >"$tree/.gitignore"
	echo CONFIG_OF_USER=y >"$tree/.config"
	printf '#!/bin/sh\ntouch %s/hook\n' "$HOME" >"$tree/.git/hooks/post-checkout"
	chmod 755 "$tree/.git/hooks/post-checkout"
	c=0
	for said; do
		c=$((c + 1))
		echo "$said" >"$tree/status"
		echo $c >"$tree/nr"
		git -C "$tree" add -A
		git -C "$tree" commit -q -m "commit $c"
		git -C "$tree" tag "c$c"
	done
	rm -f "$HOME/hook"
}

# bisect OPTION... -> its status; what it says is in $tmp/out and $tmp/err
bisect()
{
	rc=0
	"$tmp/t/vm/bisect" --tree "$tree" "$@" -- thprace run >"$tmp/out" 2>"$tmp/err" || rc=$?
	echo $rc
}
found() { sed -n 's/^  \(commit [0-9]\)$/\1/p' "$tmp/out"; }
# What a bisection may leave: nothing in the cache, no worktree, the tree as it was.
left()
{
	ls "$HOME/.cache/thprace/bisect"
	git -C "$tree" worktree list | sed 1d
	git -C "$tree" status --short
	ls "$tree/.git/worktrees" 2>/dev/null || :
	[ ! -e "$HOME/hook" ] || echo hook
}

# ---- statuses ----

tree 0 0 0 1 1 1 1
is 0 "$(bisect --good c1 --bad c7)" "1 is bad"
is "commit 4" "$(found)" "the first bad commit"
is "" "$(left)" "nothing is left, and no hook of the tree has run"
tree 0 0 5 5 5
is 0 "$(bisect --good c1 --bad c5)" "5 is bad"
is "commit 3" "$(found)" "the first commit of which the kernel complains"
tree 0 0 0 0 1 5 1 5
is "0 commit 5" "$(bisect --good c1 --bad c8) $(found)" "1 and 5 are one fault"
tree 0 0 0 3 0 1 1
is "0 commit 6" "$(bisect --good c1 --bad c7) $(found)" "what is skipped lies elsewhere"
for status in 2 3 4 6 77 broken; do
	tree 0 "$status" 1
	is 3 "$(bisect --trust --good c1 --bad c3)" "$status is skipped"
	is yes "$(grep -q 'commit 2): skip' "$tmp/err" && echo yes)" "$status: is said to be"
	is "commit 2 commit 3" "$(sed -n 's/^  [0-9a-f]* \(commit\)/\1/p' "$tmp/out" | sort | tr '\n' ' ' | sed 's/ $//')" \
		"$status: both are named"
done
is "" "$(left)" "nothing is left"

# ---- the ends ----

tree 1 0 1
is 3 "$(bisect --good c1 --bad c3)" "a good one that is bad"
is yes "$(grep -q 'should be good, and is bad' "$tmp/err" && echo yes)" "is said"
tree 0 0 0
is 3 "$(bisect --good c1 --bad c3)" "a bad one that is good"
tree 0 0 2
is 3 "$(bisect --good c1 --bad c3)" "a bad one that fails for another reason"
tree 1 0 1
is "0 commit 3" "$(bisect --trust --good c1 --bad c3) $(found)" "--trust tests neither"
is "" "$(left)" "nothing is left"

# ---- tries ----

tree 0 0 "0 0 1" "0 1" "0 0 1"
is 3 "$(bisect --good c1 --bad c5)" "a fault that shows now and then is missed by one try"
is "0 commit 3" "$(bisect --tries 3 --good c1 --bad c5) $(found)" "--tries 3"
tree 0 0 "3 1" "0 1" 1
is "0 commit 3" "$(bisect --tries 3 --good c1 --bad c5) $(found)" "one bad try is enough"
tree 0 "0 3" 0 1 1
is "0 commit 4" "$(bisect --tries 2 --good c1 --bad c5) $(found)" "one try of which nothing is known is not good"
is yes "$(! grep 'commit 2): good' "$tmp/err" && echo yes)" "nor called so"

# ---- what vm/run and make are given ----

tree 0 1
is 0 "$(bisect --good c1 --bad c2 --smp 3 --append "a  b'c" --make WITH=x)" "options of vm/run and make"
is "--smp 3 --append a  b'c -- thprace run" "$(sed -n '1s/--kdir [^ ]* //p' "$HOME/args")" "vm/run has them"
is x "$(cat "$HOME/with")" "make has them"

# ---- what it refuses ----

tree 0 1
is 2 "$(bisect --good c1 --bad nowhere)" "no such commit"
is 2 "$(bisect --good c2 --bad c1)" "the good one is no ancestor"
is 2 "$(bisect --good c1 --bad c1)" "good and bad are one"
is 2 "$(bisect --good c1)" "no bad one"
is 2 "$(bisect --good c1 --bad c2 --tries 0)" "no try"
is 2 "$(bisect --good c1 --bad c2 --config "$tmp/none")" "no configuration"
rc=0
"$tmp/t/vm/bisect" --tree "$tmp/t" --good a --bad b -- true >/dev/null 2>&1 || rc=$?
is 2 $rc "no git tree"

# ---- Ctrl-C, and going on ----

await_hang()
{
	tenths=0
	while [ ! -s "$HOME/hangs" ] && [ $tenths -lt 600 ]; do
		sleep 0.1
		tenths=$((tenths + 1))
	done
}

tree 0 hang 1
rm -f "$HOME/hangs"
"$tmp/t/vm/bisect" --trust --tree "$tree" --good c1 --bad c3 -- thprace run >"$tmp/out" 2>"$tmp/err" &
pid=$!
await_hang
hangs=$(cat "$HOME/hangs")
kill -TERM $pid
rc=0
wait $pid || rc=$?
is 143 $rc "a signal ends it"
is "" "$(left)" "nothing is left"
is gone "$(kill -0 "$hangs" 2>/dev/null && echo runs || echo gone)" "the guest is gone as well"
go_on=$(sed -n 's/^vm.bisect: to go on from here: vm.bisect//p' "$tmp/err")
is "" "$go_on" "nothing was known yet, so there is nothing to go on with"

tree 0 1 hang 1 1
rm -f "$HOME/hangs"
"$tmp/t/vm/bisect" --tree "$tree" --good c1 --bad c5 -- thprace run >"$tmp/out" 2>"$tmp/err" &
pid=$!
await_hang
kill -TERM $pid
wait $pid || :
go_on=$(sed -n 's/^vm.bisect: to go on from here: vm.bisect//p' "$tmp/err")
is yes "$([ -n "$go_on" ] && echo yes)" "how to go on is said"
# this time the guest ends
sed -i 's/^	sleep 300$/	exit 1/' "$tmp/t/vm/run"
rc=0
eval "$tmp/t/vm/bisect $go_on" >"$tmp/out" 2>"$tmp/err" || rc=$?
is "0 commit 2" "$rc $(found)" "and finds the commit"
is "" "$(left)" "nothing is left"

# ---- what kill -9 leaves ----

mkdir -p "$HOME/.cache/thprace/bisect/old"
echo "$tree" >"$HOME/.cache/thprace/bisect/old/tree"
touch -d '1 hour ago' "$HOME/.cache/thprace/bisect/old/lock"
git -C "$tree" worktree add -q --detach "$HOME/.cache/thprace/bisect/old/source" c1 2>/dev/null
rm -f "$HOME/hook"
is 0 "$(bisect --good c1 --bad c5)" "the next call"
is "" "$(left)" "removes what one that was killed has left"

finish
