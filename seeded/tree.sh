# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0
#
# One tree of a kernel, patched in turn, so that each patch compiles only what it
# touches. Sourced by seeded/run and seeded/altered/run, which have say, die, $top
# and $cache.
#
# shellcheck disable=SC2154 # theirs

# make_tree SERIES PLACE: a copy of the -prod build in $cache/PLACE, which its caller
# alone changes while it runs; its path to $tree. $tree/.seeded is the patch in it;
# .half, that it can not be trusted.
make_tree()
{
	base=$("$top/vm/kernels" build "$1-prod") || exit 2
	tree=$cache/$2/${base##*/}
	mkdir -p "$cache/$2"
	exec 9>"$tree.lock"
	flock 9
	if [ ! -e "$tree/Makefile" ] || [ -e "$tree/.half" ]; then
		say "copying the base to $tree (3 GB)"
		# What an interrupted call copied is no copy.
		rm -rf "$tree" "$tree.new"
		cp -a --reflink=auto "$base" "$tree.new"
		mv -T "$tree.new" "$tree"
	fi
}

# field PATCH NAME: the words of a field of its header, which may go on in lines with a blank first
field()
{
	awk -v name="$2:" '/^--- / { exit }
		/^[^ ]/ { inside = $1 == name }
		inside { sub(/^[^ ]*: */, ""); print }' "$1"
}

# apply PATCH [OPTION]: With a field "Users: FILE..." only these are compiled again; they
# must be all that use what it changes in headers, of which the times are set back.
apply()
{
	apply_users=$(field "$1" Users)
	apply_headers=''
	[ -z "$apply_users" ] || apply_headers=$(sed -n 's|^+++ b/\([^	]*[.]h\).*|\1|p' "$1")
	for file in $apply_headers; do
		(cd "$tree" && mkdir -p .times && cp -p --parents "$file" .times)
	done
	# shellcheck disable=SC2086 # an option, or none
	patch -s ${2-} -p1 -d "$tree" <"$1" >&2 || return
	for file in $apply_headers; do
		touch -r "$tree/.times/$file" "$tree/$file"
	done
	for file in $apply_users; do
		touch -c "$tree/$file"
	done
}

build() # PATCH
{
	if [ -e "$tree/.seeded" ] && cmp -s "$1" "$tree/.seeded" && [ -e "$tree/.built" ]; then
		return
	fi
	: >"$tree/.half"
	rm -f "$tree/.built"
	if [ -e "$tree/.seeded" ]; then
		apply "$tree/.seeded" -R || die "a patch does not come off"
		rm "$tree/.seeded"
	fi
	apply "$1" || die "$1 does not apply"
	cp "$1" "$tree/.seeded"
	rm "$tree/.half"
	cc=gcc
	! command -v ccache >/dev/null || cc="ccache gcc"
	# As vm/kernels does, or make compiles all of it again.
	nice make -s -C "$tree" -j"$(nproc)" CC="$cc" KBUILD_BUILD_USER=thprace \
		KBUILD_BUILD_HOST=thprace bzImage 9>&- >"$tree/.log" 2>&1 ||
		{ tail -n 20 "$tree/.log" >&2; die "${1##*/} does not build"; }
	: >"$tree/.built"
}
