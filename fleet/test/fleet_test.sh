#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Tests of fleet/ without a guest and without Slurm: KTAP. What is planned, that a task is
# begun once and is whole where it is seen, and what fleet/local makes of a manifest.
# fleet/test/slurm is the same with Slurm.
set -eu

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
# shellcheck source=../../vm/test/ktap.sh
. "$here/../../vm/test/ktap.sh"
# shellcheck source=tree.sh
. "$here/tree.sh"
plan_needs jq flock timeout
unset XDG_CACHE_HOME
export HOME="$tmp/home"
mkdir -p "$HOME"
make_tree "$here/.."
fleet=$tmp/t/fleet

# status COMMAND... -> its exit status; what it says is in $tmp/out and $tmp/err
status()
{
	rc=0
	"$@" >"$tmp/out" 2>"$tmp/err" || rc=$?
	echo $rc
}
said() { grep -q -e "$1" "$tmp/err" && echo yes || echo no; }

# ---- plan ----

is 0 "$(status "$fleet/plan" --kernel 6.12,7.2 --seeds 2 --budget 90 -- run fork-munmap "a b")" "plan"
is thprace-manifest/1 "$(jq -r .format "$tmp/out")" "its format"
is "0001 6.12 1;0002 7.2 1;0003 6.12 2;0004 7.2 2" \
	"$(jq -r '[.tasks[] | "\(.id) \(.kernel) \(.seed)"] | join(";")' "$tmp/out")" "each kernel with each seed"
is '["run","fork-munmap","a b","--seed","2","--duration","90"] amd64 90' \
	"$(jq -r '.tasks[3] | "\(.args) \(.arch) \(.budget)"' "$tmp/out")" "a task"
is 0 "$(status "$fleet/plan" --shards 3 --phases a_1,b,c,d,e --seed 7 -- run --grid)" "plan of a grid"
is "1/3 a_1,d;2/3 b,e;3/3 c" \
	"$(jq -r '[.tasks[] | "\(.shard) \(.phases | join(","))"] | join(";")' "$tmp/out")" "each row is in one part"
is '["run","--grid","--grid-rows","b,e","--seed","7","--duration","60"]' "$(jq -c '.tasks[1].args' "$tmp/out")" \
	"a part is told its rows"
printf 'a_1  yes  text\nb yes\n' >"$tmp/phases"
is 0 "$(status "$fleet/plan" --shards 9 --phases "$tmp/phases" -- run --grid=zap,fork)" "phases of a file"
is "a_1 b" "$(jq -r '[.tasks[].phases[]] | join(" ")' "$tmp/out")" "no part is without rows"
is 0 "$(status "$fleet/plan" --each zap,storm --kernel any)" "a task a scenario"
is "run zap --seed 1,run storm --seed 1" "$(jq -r '[.tasks[].args[:4] | join(" ")] | join(",")' "$tmp/out")" "of each"
is 0 "$(status "$fleet/plan" --seeds 10000)" "10,000 tasks"
is "10000 00001 10000" "$(jq -r '(.tasks | length | tostring) + " " + .tasks[0].id + " " + .tasks[-1].id' "$tmp/out")" \
	"ids sort as they are numbered"
for wrong in "--kernel 6.12,6.12" "--kernel a/b" "--seeds 0" "--seed 1,x" "--budget 1.5" "--shards 2 -- run --grid" \
	"--phases a,b -- run --grid" "--shards 2 --phases a,b" "-- check" "-- run --seed 3" "-- run --json=x" "--bogus"; do
	# shellcheck disable=SC2086 # words
	is 2 "$(status "$fleet/plan" $wrong)" "plan $wrong"
	is "" "$(cat "$tmp/out")" "writes nothing"
done
is 0 "$(status "$fleet/plan" --out "$tmp/m")" "plan --out"
is 2 "$(status "$fleet/plan" --out "$tmp/m" --seeds 9)" "a manifest is not written over"
is 1 "$(jq '.tasks | length' "$tmp/m")" "nor changed"

# ---- a task ----

manifest() # FILE WORD...: a task for each WORD
{
	to=$1 i=0
	shift
	for word; do
		i=$((i + 1))
		printf '{"id":"%04d","kernel":"6.12","arch":"amd64","seed":%d,"args":["run","%s"],"budget":1}\n' \
			$i $i "$word"
	done | jq -s '{ format: "thprace-manifest/1", tasks: . }' >"$to"
}
manifest "$tmp/words" pass fail inconclusive splat error lost "it's two"
i=0
for want in "0 pass" "1 fail" "3 inconclusive" "5 pass" "2 -" "6 -" "0 pass"; do
	i=$((i + 1))
	is "${want% *}" "$(status "$fleet/task" "$tmp/words" "$tmp/d" 000$i)" "task $i: the status of vm/run"
	is "$want" "$(cat "$tmp/d/000$i/status") $(jq -r .verdict "$tmp/d/000$i/report.json" 2>/dev/null || echo -)" \
		"what is left of it"
done
is "" "$(ls "$tmp/d/begun")" "nothing is left of its work"
is yes "$(grep -q "ran: --kernel 6.12 --arch amd64 --nodes 2 --timeout 303 .* -- thprace run it's two --json /out/report.json" \
	"$tmp/d/0007/log" && echo yes)" "vm/run has the task's words"
is "$(uname -n) 0" "$(jq -r '"\(.node) \(.status)"' "$tmp/d/0001/result.json")" "where it ran is known"
runs=$(wc -l <"$tmp/counts.runs")
is 1 "$(status "$fleet/task" "$tmp/words" "$tmp/d" 0002)" "a task that was done, once more"
is "$runs" "$(wc -l <"$tmp/counts.runs")" "is not run"
is 0 "$(status "$fleet/task" --nr 7 "$tmp/words" "$tmp/e")" "by its number"
is yes "$([ -d "$tmp/e/0007" ] && echo yes)" "it is the same"
for wrong in "$tmp/words $tmp/d 0009" "$tmp/words $tmp/d" "--nr 8 $tmp/words $tmp/d" "--nr x $tmp/words $tmp/d" \
	"$tmp/none $tmp/d 0001" "$tmp/d/0001/report.json $tmp/d 0001"; do
	# shellcheck disable=SC2086 # words
	is 2 "$(status "$fleet/task" $wrong)" "no such task: ${wrong##*/}"
done

# One that is killed has no result, and is not begun again.
hang()
{
	rm -f "$tmp/counts.hangs"
	"$fleet/task" "$tmp/hangs" "$tmp/h" "$1" >"$tmp/out" 2>"$tmp/err" &
	pid=$!
	await_hang
}
await_hang() # until the guest is there
{
	tenths=0
	while [ ! -s "$tmp/counts.hangs" ] && [ $tenths -lt 600 ]; do
		sleep 0.1
		tenths=$((tenths + 1))
	done
}
manifest "$tmp/hangs" hang hang
hang 0001
rc=0
kill -TERM $pid
wait $pid || rc=$?
is 143 $rc "a task that is ended"
is gone "$(kill -0 "$(cat "$tmp/counts.hangs")" 2>/dev/null && echo runs || echo gone)" "ends its guest"
is "no begun" "$([ -d "$tmp/h/0001" ] && echo yes || echo no) $([ -d "$tmp/h/begun/0001" ] && echo begun)" "has no result"
is 6 "$(status "$fleet/task" "$tmp/hangs" "$tmp/h" 0001)" "it is lost, and not tried again"
is yes "$(said "begun before (on $(uname -n) at 2")" "who had it is said"
hang 0002
kill -KILL $pid
wait $pid 2>/dev/null || :
kill "$(cat "$tmp/counts.hangs")"
is 6 "$(status "$fleet/task" "$tmp/hangs" "$tmp/h" 0002)" "one that is killed, as with its machine"

# Two at a time, as after a requeue while the first node still works.
manifest "$tmp/gates" gate
: >"$tmp/counts.runs"
rm -f "$tmp/counts.hangs"
"$fleet/task" "$tmp/gates" "$tmp/g" 0001 >/dev/null 2>&1 &
pid=$!
await_hang
is 6 "$(status "$fleet/task" "$tmp/gates" "$tmp/g" 0001)" "one that runs is not begun elsewhere"
: >"$tmp/counts.open"
rc=0
wait $pid || rc=$?
is "0 1" "$rc $(wc -l <"$tmp/counts.runs")" "and goes on"
is 0 "$(status "$fleet/task" "$tmp/gates" "$tmp/g" 0001)" "then it is done"

# On this machine.
jq '.tasks[0].kernel = "any" | .tasks[1].kernel = "1.2"' "$tmp/words" >"$tmp/machine"
is 0 "$(status "$fleet/task" --machine "$tmp/machine" "$tmp/m1" 0001)" "--machine"
is "run pass --json $tmp/m1/begun/0001/report.json" "$(cat "$tmp/counts.machine")" "thprace has the task's words"
is pass "$(jq -r .verdict "$tmp/m1/0001/report.json")" "its report"
is 2 "$(status "$fleet/task" --machine "$tmp/machine" "$tmp/m1" 0002)" "a machine with another kernel"
is "yes 2" "$(said 'is for kernel 1.2') $(cat "$tmp/m1/0002/status")" "is an error, which is a result"

# ---- merge ----

is 2 "$(status "$fleet/merge" "$tmp/d")" "merge without a manifest"
cp "$tmp/words" "$tmp/d/manifest.json"
is 1 "$(status "$fleet/merge" "$tmp/d")" "merge: its status"
words="0001 pass 0;0002 fail 1;0003 inconclusive 3;0004 splat 5;0005 error 2;0006 lost 6;0007 pass 0;"
is "$words" "$(outcome "$tmp/d" | tr '\n' ';')" "all tasks are in it"
cp "$tmp/d/report.json" "$tmp/once"
"$fleet/merge" "$tmp/d" || :
is "" "$(cmp "$tmp/once" "$tmp/d/report.json")" "merged twice it is the same"
mkdir -p "$tmp/empty"
cp "$tmp/words" "$tmp/empty/manifest.json"
is 1 "$(status "$fleet/merge" "$tmp/empty")" "merge before anything is done"

# ---- local ----

# Where GNU parallel is not installed, one that can do what is needed here.
if ! command -v parallel >/dev/null; then
	mkdir -p "$tmp/bin"
	cat >"$tmp/bin/parallel" <<-'PARALLEL'
	#!/bin/sh
	[ "$1" != --version ] || { echo GNU parallel; exit; }
	jobs=$3
	shift 3
	xargs -P "$jobs" -I '{}' "$@" || exit 1
	PARALLEL
	chmod 755 "$tmp/bin/parallel"
	PATH=$tmp/bin:$PATH
fi
is 1 "$(status "$fleet/local" --jobs 3 "$tmp/words" "$tmp/l")" "local: the status is that of merge"
is "$words" "$(outcome "$tmp/l" | tr '\n' ';')" "each task has run"
: >"$tmp/counts.runs"
is 1 "$(status "$fleet/local" "$tmp/words" "$tmp/l")" "local once more"
is 0 "$(wc -l <"$tmp/counts.runs")" "runs nothing again"
is 2 "$(status "$fleet/local" "$tmp/gates" "$tmp/l")" "another manifest for the same directory"
jq '.commit = "0123"' "$tmp/words" >"$tmp/other"
git init -q "$tmp/t"
git -C "$tmp/t" -c user.name=t -c user.email=t@localhost commit -q --allow-empty -m t
is 2 "$(status "$fleet/local" "$tmp/other" "$tmp/l2")" "a manifest of another thprace"
is 2 "$(status "$fleet/task" "$tmp/other" "$tmp/l2" 0001)" "a task of it"
is yes "$(said 'commit 0123')" "is told so"
jq '.tasks[1].id = "0001"' "$tmp/words" >"$tmp/other"
is 2 "$(status "$fleet/local" "$tmp/other" "$tmp/l3")" "two tasks of one id"
is 2 "$(status "$fleet/local" "$tmp/phases" "$tmp/l3")" "no manifest"
is 2 "$(status "$fleet/local" --jobs 2 --machine "$tmp/words" "$tmp/l3")" "two at a time on one machine"

# ---- submit ----

mkdir -p "$tmp/slurm"
cat >"$tmp/slurm/sbatch" <<SBATCH
#!/bin/sh
echo "\$*" | tr -s ' \t' ' ' >>"$tmp/sbatch"
echo "\$(wc -l <"$tmp/sbatch");cluster"
SBATCH
printf '#!/bin/sh\necho "MaxArraySize            = 4"\n' >"$tmp/slurm/scontrol"
chmod 755 "$tmp/slurm/sbatch" "$tmp/slurm/scontrol"
PATH=$tmp/slurm:$PATH
rm -rf "$tmp/t/.git"
is 0 "$(status "$fleet/submit" --at-a-time 2 "$tmp/words" "$tmp/it's" -- --partition=p --mem=5G)" "submit"
is "4 1 2 3" "$(cat "$tmp/out")" "the job that merges, and the arrays"
is "--array=1-3%2 --array=1-3%2 --array=1-1%2 " "$(grep -o -e '--array=[^ ]*' "$tmp/sbatch" | tr '\n' ' ')" \
	"an array ends below MaxArraySize"
is "0 3 6 " "$(grep -o 'TASK_ID + [0-9]*' "$tmp/sbatch" | tr -dc '0-9\n' | tr '\n' ' ')" "each begins where one ends"
is 3 "$(grep -c -e '--no-requeue .*--cpus-per-task=2 --mem=3G --partition=p --mem=5G --wrap exec ' "$tmp/sbatch")" \
	"tasks have the options, behind the defaults"
is 1 "$(grep -c -e '--dependency=afterany:1:2:3 ' "$tmp/sbatch")" "the merge waits for all"
is yes "$(sed -n 4p "$tmp/sbatch" | grep -e '--partition=p' | grep -q -v -e --mem && echo yes)" "it has the partition only"
wrap=$(sed -n '2s/.*--wrap //p' "$tmp/sbatch")
is 5 "$(SLURM_ARRAY_TASK_ID=1 status sh -c "$wrap")" "what an element runs"
is yes "$([ -d "$tmp/it's/0004" ] && echo yes)" "is its task"
is 2 "$(status "$fleet/submit" "$tmp/gates" "$tmp/it's")" "another manifest for the same directory"

finish
