# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
#
# Kernels as people build them: Debian's own configuration, cut down to what a guest
# needs, with gcc or clang. Read by vm/kernels, whose functions and variables it uses;
# vm/own has the table of them.
#
# Objects lie beside the source (make O=), so that all kernels of a series share it.
#
# shellcheck disable=SC2154 # jobs, cache, top, apt_dir

# Where clang comes from: the suite that has one new enough for all series.
clang_suite=trixie

# A root with clang and what a kernel is built with. Packages are unpacked only, as in
# make_root.
make_clang_root() # DIR
{
	say "fetching clang from $clang_suite: some 150 MB, 0.8 GB unpacked"
	tmp=$(fresh "$1")
	chmod 755 "$tmp"
	mkdir -p "$tmp/debs/partial" "$tmp/root/usr/bin" "$tmp/root/usr/sbin" "$tmp/root/usr/lib" \
		"$tmp/root/usr/lib64" "$tmp/root/proc" "$tmp/root/dev" "$tmp/root/tmp" "$tmp/root/mnt"
	for d in bin sbin lib lib64; do
		ln -s "usr/$d" "$tmp/root/$d"
	done
	apt "$clang_suite" apt-get -qq -y -o Dir::Cache::archives="$tmp/debs" --no-install-recommends \
		--download-only install clang lld llvm libc6-dev make dash bash coreutils sed grep \
		mawk findutils diffutils bc bison flex libelf-dev libssl-dev perl-base gzip kmod \
		python3-minimal >&2
	unpack "$tmp/root" "$tmp"/debs/*.deb
	[ -e "$tmp/root/usr/bin/awk" ] || ln -s mawk "$tmp/root/usr/bin/awk"
	mv -T "$tmp/root" "$1"
	rm -rf "$tmp"
}

# own_make COMPILER SOURCE TREE TARGET...
own_make()
{
	own_with=$1 own_source=$2 own_tree=$3
	shift 3
	case $own_with in
	gcc) kmake "$own_source" "O=$own_tree" "$@" ;;
	clang)
		logged "make $*" in_root "$own_root" "$own_tree" nice -n 5 make -s -j"$jobs" \
			-C "$own_source" "O=$own_tree" LLVM=1 KBUILD_BUILD_USER=thprace \
			KBUILD_BUILD_HOST=thprace "$@"
		;;
	esac
}

# What was a module is left out, as "make localmodconfig" does with a list of no modules.
# The last fragment that names an option decides.
make_own() # SOURCE CONFIG COMPILER NAME DIR FRAGMENT...
{
	own_source=$1 own_config=$2 own_with=$3 own_name=$4 own_dir=$5
	shift 5
	say "building ${own_dir##*/}: 0.5 GB, half an hour on two cores"
	# Paths are in what is built, so it is built where it stays; one that was killed goes on.
	mkdir -p "$own_dir"
	{
		sed 's/^\(CONFIG_.*\)=m$/# \1 is not set/' "$own_config"
		cat "$@"
		echo "CONFIG_LOCALVERSION=\"-thprace-$own_name\""
	} >"$own_dir/.config"
	[ "$own_with" = gcc ] || echo "$own_root" >"$own_dir/.thprace-root"
	own_make "$own_with" "$own_source" "$own_dir" olddefconfig
	check_config "$own_source" "$own_dir" "$@" ||
		die "the configuration of ${own_dir##*/} is not what was asked for"
	own_make "$own_with" "$own_source" "$own_dir" bzImage modules
	: >"$own_dir/.built"
}

# own SERIES COMPILER NAME FRAGMENT... -> the path of the tree
own()
{
	own_series=$1 own_with=$2 own_name=$3 own_root=''
	shift 3
	case $own_with in
	gcc) need gcc make flex bison bc ;;
	clang) need dpkg-deb unshare ;;
	*) usage ;;
	esac
	case $cache in
	*[[:space:]:]* | /mnt/*) die "a kernel is built in the cache, which may not be in /mnt or have blanks or colons in its path" ;;
	esac
	for f; do
		shift
		[ -r "$top/vm/config/$f.config" ] || die "no vm/config/$f.config"
		set -- "$@" "$top/vm/config/$f.config"
	done
	set -- "$top/vm/config/own.config" "$top/kselftest/config" "$top/vm/config/kdir.config" "$@"
	locked "${apt_dir##*/}" update_lists
	[ "$own_series" != newest ] || own_series=$(newest)
	own_env=$(get_stock "$own_series")
	own_config=$(echo "$own_env" | sed -n 's/^image=//p')
	own_config=${own_config%/*}/config
	own_source=$(source_dir "$own_series")
	own_by=gcc
	if [ "$own_with" = clang ]; then
		own_root=$cache/root/clang-$clang_suite
		locked "root-clang" once "$own_root" make_clang_root "$own_root"
		own_by=$(in_root "$own_root" "$cache" clang --version)
	else
		own_by=$(gcc --version)
	fi
	own_key=$({ echo "$own_by"; cat "$own_config" "$@"; } | sha256sum | cut -c1-12)
	own_dir=$cache/own/${own_source##*/}-$own_name-$own_key
	locked "own-${own_dir##*/}" once "$own_dir/.built" make_own "$own_source" "$own_config" "$own_with" \
		"$own_name" "$own_dir" "$@"
	echo "$own_dir"
}
