#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Tests of vm/run without a guest: KTAP, needs neither root nor a kernel. In the
# place of QEMU stands a script that writes to the four serial ports what the
# test wants a guest to have said; all else goes the way it goes in production.
set -eu

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
# shellcheck source=ktap.sh
. "$here/ktap.sh"
plan_needs busybox cpio setpriv unshare
export HOME="$tmp/home"
unset XDG_CACHE_HOME TMPDIR
mkdir -p "$HOME" "$tmp/bin" "$tmp/tmp"

# A "guest": the script $tmp/guest, with the serial ports as fds 3 to 6.
cat >"$tmp/bin/qemu-system-x86_64" <<'QEMU'
#!/bin/sh
i=3
echo "$*" >"$GUEST.args"
while [ $# -gt 0 ]; do
	case $1 in
	-serial)
		port=${2#file:}
		eval "exec $i>\$port"
		i=$((i + 1))
		;;
	esac
	shift
done
echo $$ >"$GUEST.pid"
. "$GUEST"
QEMU
chmod 755 "$tmp/bin/qemu-system-x86_64"
PATH=$tmp/bin:$PATH
export PATH GUEST="$tmp/guest"

tree=$tmp/tree
built_tree() # DIR
{
	mkdir -p "$1/arch/x86/boot" "$1/include/config"
	echo image >"$1/arch/x86/boot/bzImage"
	echo 6.12.0-test >"$1/include/config/kernel.release"
}
built_tree "$tree"

guest() { cat >"$GUEST"; }
healthy() # EXIT-STATUS
{
	guest <<-GUEST
		echo '[    0.0] Linux version' >&3
		echo from the command >&4
		printf 'boot\nrun\nexit $1\ntaint 0 0\nend\n' >&5
	GUEST
}

# run OPTION...: vm/run's status; what it says is in $tmp/out and $tmp/err
run()
{
	rc=0
	"${vm_run:-$here/../run}" --kdir "${kdir:-$tree}" --no-load --accel tcg "$@" -- true \
		>"$tmp/out" 2>"$tmp/err" || rc=$?
	echo $rc
}

# in_mounts SIZE SCRIPT -> SCRIPT's status, with a disk of that size at $tmp/small
# and $tmp as the current directory
in_mounts()
{
	mkdir -p "$tmp/small"
	rc=0
	# shellcheck disable=SC2016,SC2086 # the inner shell expands; no option or one
	unshare $userns -m sh -c '
		cd "$0" && mount -t tmpfs -o size="$1" tmpfs small || exit 99
		eval "$2"
	' "$tmp" "$1" "$2" >"$tmp/out" 2>"$tmp/err" || rc=$?
	echo $rc
}
run_cmd="'$here/../run' --kdir tree --no-load --accel tcg"
userns=
[ "$(id -u)" = 0 ] || userns=-r
can_mount=1
# shellcheck disable=SC2086 # none or one
unshare $userns -m true 2>/dev/null || can_mount=''

# ---- the verdict comes through ----

for c in 0 1 3 4; do
	healthy $c
	is $c "$(run)" "the command's exit $c"
done
is "from the command" "$(cat "$tmp/out")" "the command's output"
healthy 0
is 0 "$(run --out "$tmp/o")" "--out"
is '{"verdict":"pass"' "$(cut -d, -f1 "$tmp/o/verdict.json")" "verdict.json"
guest <<'GUEST'
echo '[    0.0] BUG: Bad page state in process x  pfn:1' >&3
printf 'run\nexit 0\ntaint 0 0\nend\n' >&5
GUEST
is 5 "$(run)" "a complaint"
guest <<'GUEST'
echo '[    0.0] Linux version' >&3
printf 'run\n' >&5
GUEST
is 6 "$(run)" "a guest that went away"

# ---- what machine it is ----

healthy 0
is 0 "$(run --smp 4 --nodes 4 --memoryless 1 --mem 1000)" "a node without memory"
is "size=333M size=333M size=334M" "$(grep -o 'size=[0-9]*M' "$GUEST.args" | tr '\n' ' ' | sed 's/ $//')" \
	"the others share the memory"
is "-numa node,nodeid=1,cpus=1-1 " "$(grep -o -e '-numa node,nodeid=1,[^ ]* ' "$GUEST.args")" \
	"it has CPUs"
is 1 "$(grep -c -e '-accel tcg[^ ]* -cpu [^ ]*erms=off' "$GUEST.args")" "TCG: pages are cleared word by word"

# ---- what it is given ----

# The "guest" unpacks its initramfs: which files are there?
guest <<'GUEST'
echo '[    0.0] Linux version' >&3
mkdir root && (cd root && cpio -idm <../initrd 2>/dev/null)
(cd root/thprace && for f in my-data my-dir/x "$(basename "$DYNAMIC")"; do [ ! -s "$f" ] || echo "$f"; done) >"$GUEST.put"
(cd root && ldd "$DYNAMIC" | grep -o '/[^ ]*' | while read -r lib; do [ -s ".$lib" ] || echo "no $lib"; done) >>"$GUEST.put"
printf 'run\nexit 0\ntaint 0 0\nend\n' >&5
GUEST
echo data >"$tmp/my-data"
mkdir -p "$tmp/my-dir"
echo x >"$tmp/my-dir/x"
for DYNAMIC in /usr/bin/awk /bin/sh ''; do
	! ldd "$DYNAMIC" 2>/dev/null | grep -q '/' || break
done
export DYNAMIC
if [ -n "$DYNAMIC" ]; then
	is 0 "$(run --put "$tmp/my-data" --put "$tmp/my-dir" --put "$DYNAMIC")" "--put"
	is "my-data my-dir/x $(basename "$DYNAMIC") " "$(tr '\n' ' ' <"$GUEST.put")" \
		"a file, a directory, a program with its libraries"
else
	skip "--put" "no dynamic program here"
fi
healthy 0
is 2 "$(run --put "$tmp/none")" "--put of a file that is not there"
is 2 "$("$here/../run" --kdir "$tree" --no-load --accel tcg --shell </dev/null >"$tmp/out" 2>"$tmp/err" || echo $?)" \
	"--shell without a terminal"
is 1 "$(grep -c 'wants a terminal' "$tmp/err")" "and it says so"
if command -v script >/dev/null; then
	healthy 7
	is 7 "$(script -qec "'$here/../run' --kdir '$tree' --no-load --accel tcg --shell" /dev/null >"$tmp/out" 2>&1 || echo $?)" \
		"--shell: the shell's status"
	is 1 "$(grep -c -e '-serial chardev:shell' "$GUEST.args")" "--shell: on the terminal"
else
	skip "--shell" "no script(1)"
fi

# ---- another architecture ----

# A checkout without programs, which are built elsewhere; QEMU has one port and a card.
bare=$tmp/bare
mkdir -p "$bare/vm" "$bare/docs" "$HOME/.cache/thprace/sysroot/arm64-bookworm/bin"
touch "$bare/README.md" "$bare/docs/x.md" "$tmp/libc.a"
for f in run kernels deps init pressure machine busy judge.awk; do
	cp "$here/../$f" "$bare/vm/"
done
echo busybox of arm64 >"$HOME/.cache/thprace/sysroot/arm64-bookworm/bin/busybox"
# shellcheck disable=SC2016 # expands there
printf '#!/bin/sh\necho "%s"\n' "$tmp/libc.a" >"$tmp/bin/aarch64-linux-gnu-gcc"
cat >"$tmp/bin/qemu-system-aarch64" <<'QEMU'
#!/bin/sh
echo "$*" >"$GUEST.args"
while [ $# -gt 0 ]; do
	case "$1 $2" in
	"-serial file:"*) exec 3>"${2#file:}" ;;
	"-chardev file,id=output,path="*) exec 4>"${2##*=}" ;;
	"-chardev file,id=status,path="*) exec 5>"${2##*=}" ;;
	esac
	shift
done
. "$GUEST"
QEMU
chmod 755 "$tmp/bin/qemu-system-aarch64" "$tmp/bin/aarch64-linux-gnu-gcc"
arm64() { vm_run=$bare/vm/run run --arch arm64 "$@"; }
healthy 0
is 2 "$(arm64)" "arm64: a tree of amd64"
is 1 "$(grep -c 'no arch/arm64/boot/Image' "$tmp/err")" "and it says so"
mkdir -p "$tree/arch/arm64/boot"
echo image >"$tree/arch/arm64/boot/Image"
is "0 from the command" "$(arm64) $(cat "$tmp/out")" "arm64: status and output"
is 1 "$(grep -c -e '-M virt .*chardev2=output,chardev3=status,chardev4=out .*console=ttyAMA0' \
	"$GUEST.args")" "arm64: its ports"
is 0 "$(grep -c -e tsc= -e la57 -e ttyS0 "$GUEST.args")" "arm64: nothing of amd64"
guest <<'GUEST'
mkdir root && (cd root && cpio -idm <../initrd 2>/dev/null)
cp root/bin/busybox "$GUEST.busybox"
printf 'run\nexit 0\ntaint 0 0\nend\n' >&5
echo '[    0.0] Unable to handle kernel paging request at virtual address dead' >&3
GUEST
is 5 "$(arm64)" "arm64: a complaint"
is "busybox of arm64" "$(cat "$GUEST.busybox")" "arm64: its own busybox"
healthy 0
is 2 "$(arm64 --accel kvm)" "arm64: no KVM"
is 2 "$(run --arch sparc)" "an unknown architecture"
is 2 "$(arm64 --la57)" "arm64: no fifth level"

# ---- five levels of page tables ----

healthy 0
is "0 1" "$(run) $(grep -c -e '-cpu max,la57=off,' "$GUEST.args")" "four levels, unless asked"
is "0 1" "$(run --la57) $(grep -c -e '-cpu max,la57=on,' "$GUEST.args")" "--la57"
is 2 "$(run --la57 --accel kvm)" "--la57 is emulated"

# ---- failures of its own are 2 ----

healthy 0
is 2 "$(TMPDIR=$tmp/none run)" "TMPDIR that is not there"
is 2 "$(TMPDIR=/proc run)" "TMPDIR that nobody can write to"
is 2 "$(HOME=/proc run)" "a cache that nobody can write to"
is 2 "$(run --out /proc/none)" "--out that nobody can write to"
is 2 "$(run --out "$tree/arch/x86/boot/bzImage/x")" "--out below a file"
is 2 "$(run --bogus)" "an unknown option"
is 2 "$(run --mem)" "an option without its value"
is 2 "$(run --mem 12345678901234567890)" "a number that no shell can hold"
is 2 "$(run --smp 3 --nodes 2)" "nodes that do not divide the CPUs"
is 2 "$(run --memoryless 0)" "a memoryless node of one"
is 2 "$(run --nodes 2 --memoryless 2)" "a memoryless node that is not there"
is 2 "$(run --nodes 2 --memoryless x)" "a memoryless node that is no number"
is 2 "$(run --disk 8)" "a disk for a kernel that cannot drive it"
is 2 "$(kdir=$tmp/none run)" "--kdir that is not there"
mkdir -p "$tmp/half/arch/x86/boot"
echo image >"$tmp/half/arch/x86/boot/bzImage"
is 2 "$(kdir=$tmp/half run)" "--kdir without kernel.release"
is 1 "$(grep -c kernel.release "$tmp/err")" "and it says so"
guest <<'GUEST'
echo "qemu: no such machine" >&2
exit 1
GUEST
is 2 "$(run)" "QEMU that does not start"
is 1 "$(grep -c 'no such machine' "$tmp/err")" "and what QEMU said is shown"

# without TOOL...: a PATH of everything but these
without()
{
	rm -rf "$tmp/path"
	mkdir "$tmp/path"
	for dir in /bin /usr/bin /sbin /usr/sbin; do
		find "$dir/" -maxdepth 1 \( -type f -o -type l \) -exec ln -sf -t "$tmp/path" {} +
	done
	for tool; do
		# shellcheck disable=SC2086 # a pattern
		rm -f "$tmp/path/"$tool
	done
}

healthy 0
for tool in busybox cpio flock setpriv; do
	without $tool
	if PATH=$tmp/bin:$tmp/path sh -c 'PATH=$PATH:/usr/sbin:/sbin; command -v "$1"' sh "$tool" >/dev/null; then
		skip "without $tool" "it is in /usr/sbin or /sbin, too"
		continue
	fi
	is 2 "$(PATH=$tmp/bin:$tmp/path run)" "without $tool"
	is 1 "$(grep -c "$tool is not installed.*install" "$tmp/err")" "and the package is named"
done

# A module is built for the tree; there is no Debian here.
without 'dpkg*' 'apt*'
cat >"$tree/Makefile" <<'MAKEFILE'
modules:
	echo module >$(M)/thprace.ko
MAKEFILE
is 0 "$(PATH=$tmp/bin:$tmp/path; export PATH
	"$here/../run" --kdir "$tree" --accel tcg -- true >"$tmp/out" 2>"$tmp/err"; echo $?)" \
	"--kdir without dpkg and apt"

# ---- what fills up ----

if [ -n "$can_mount" ]; then
	for c in 0 3; do
		healthy $c
		is $c "$(in_mounts 1m '
			head -c 2000000 /dev/zero >small/x 2>/dev/null || :
			'"$run_cmd"' --out small/o -- true')" "--out is full: the verdict stands ($c)"
		is 1 "$(grep -c -e '--out: not all of it' "$tmp/err")" "and it is said"
	done
	guest <<-'GUEST'
		echo '[    0.0] BUG: Bad page state in process x  pfn:1' >&3
		head -c 100000000 /dev/zero >fill
		printf 'run\nexit 0\ntaint 0 0\nend\n' >&5
	GUEST
	is 5 "$(TMPDIR=$tmp/small in_mounts 96m "$run_cmd -- true")" \
		"TMPDIR fills up after a complaint: the complaint"
	guest <<-'GUEST'
		echo '[    0.0] Linux version' >&3
		head -c 100000000 /dev/zero >fill
		printf 'run\nexit 0\ntaint 0 0\nend\n' >&5
	GUEST
	is 2 "$(TMPDIR=$tmp/small in_mounts 96m "$run_cmd -- true")" "TMPDIR fills up: no verdict"
	healthy 0
	is 2 "$(TMPDIR=$tmp/small in_mounts 256k "$run_cmd -- true")" "TMPDIR has no room for an initramfs"
else
	skip "full disks" "mounting takes root or user namespaces"
fi
is 0 "$(: >"$tmp/err"
	"$here/../run" --kdir "$tree" --no-load --accel tcg -- true >/dev/full 2>"$tmp/err"; echo $?)" \
	"stdout is full: the verdict stands"
is 1 "$(grep -c 'could not be written whole' "$tmp/err")" "and it is said"

guest <<'GUEST'
echo '[    0.0] Linux version' >&3
echo run >&5
yes "$(head -c 4000 /dev/zero | tr '\0' x)" | head -c 80000000 >&3
exec sleep 600
GUEST
is 6 "$(run --timeout 600)" "a console without an end: lost"
is 1 "$(grep -c 'too much: console.log' "$tmp/err")" "and it is said"
guest <<'GUEST'
echo '[    0.0] Linux version' >&3
echo run >&5
head -c 80000000 /dev/zero >&6
exec sleep 600
GUEST
is 6 "$(run --timeout 600)" "an /out without an end: lost"
is 1 "$(grep -c 'too much: out.tgz' "$tmp/err")" "and it is said"
guest <<'GUEST'
echo '[    0.0] Linux version' >&3
mkdir o
head -c 600000000 /dev/zero >o/zeros
echo theirs >o/verdict.json
tar -C o -czf out.tgz .
rm -r o
printf 'run\nexit 0\ntaint 0 0\nend\n' >&5
GUEST
rm -rf "$tmp/o"
is 0 "$(run --out "$tmp/o")" "an /out that unpacks to too much: the verdict stands"
is 1 "$(find "$tmp/o" -size +300000k | grep -c . | awk '{ print $1 == 0 }')" "and is cut"
is '{"verdict":"pass"' "$(cut -d, -f1 "$tmp/o/verdict.json")" "no verdict.json but that of vm/run"

# A verdict of an earlier call is none of this one.
healthy 0
is 0 "$(run --out "$tmp/o")" "--out again"
guest </dev/null
is "2 0" "$(run --out "$tmp/o") $(find "$tmp/o" -name verdict.json | wc -l)" \
	"no verdict, no verdict.json of the call before"

# ---- nothing is left ----

guest <<'GUEST'
echo run >&5
exec sleep 600
GUEST
alive() { kill -0 "$1" 2>/dev/null && ! grep -q '^State:.Z' "/proc/$1/status" 2>/dev/null; }
# started: vm/run in the background, until its QEMU runs -> $run_pid, $qemu_pid
started()
{
	rm -f "$GUEST.pid"
	TMPDIR=$tmp/tmp "$here/../run" --kdir "$tree" --no-load --accel tcg -- true >/dev/null 2>&1 &
	run_pid=$!
	while [ ! -s "$GUEST.pid" ] && alive "$run_pid"; do
		sleep 0.1
	done
	qemu_pid=$(cat "$GUEST.pid" 2>/dev/null || echo 0)
}
# gone PID -> "gone" or "alive", for a while
gone()
{
	tries=0
	while alive "$1" && [ $tries -lt 300 ]; do
		sleep 0.1
		tries=$((tries + 1))
	done
	if alive "$1"; then
		echo alive
		kill -9 "$1"
	else
		echo gone
	fi
}
left() { find "$tmp/tmp" -maxdepth 1 -name 'thprace-vm.*' | wc -l; }

for sig in KILL TERM; do
	started
	kill -$sig "$run_pid" || :
	wait "$run_pid" 2>/dev/null || :
	is gone "$(gone "$qemu_pid")" "QEMU dies with vm/run: $sig"
done
is 1 "$(left)" "kill -9 leaves its directory"
touch -d '2 minutes ago' "$tmp"/tmp/thprace-vm.*/lock
started
touch -d '2 minutes ago' "$tmp"/tmp/thprace-vm.*/lock
is 1 "$(left)" "the next call removes it"
healthy 0
is "0 1" "$(TMPDIR=$tmp/tmp run) $(left)" "but not that of one that runs"
kill -TERM "$run_pid" || :
wait "$run_pid" 2>/dev/null || :
is 0 "$(left)" "a call that ends removes its own"

# ---- blanks ----

odd="$tmp/a b,c"
mkdir -p "$odd/tmp" "$odd/home"
built_tree "$odd/the tree"
cp "$tree/Makefile" "$odd/the tree/"
healthy 0
if [ -n "$can_mount" ]; then
	is 0 "$(rc=0
		TMPDIR=$odd/tmp HOME=$odd/home "$here/../run" --kdir "$odd/the tree" --accel tcg \
			--out "$odd/the out" -- true >"$tmp/out" 2>"$tmp/err" || rc=$?
		echo $rc)" "blanks and commas in TMPDIR, HOME, --kdir and --out"
	is '{"verdict":"pass"' "$(cut -d, -f1 "$odd/the out/verdict.json")" "and --out has its files"
else
	skip "blanks" "mounting takes root or user namespaces"
fi

finish
