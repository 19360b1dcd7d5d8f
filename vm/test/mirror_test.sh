#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Tests of vm/mirror: KTAP, needs apt but no root and no network. Each case is
# a configuration of apt in a directory of its own.
set -eu

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
# shellcheck source=ktap.sh
. "$here/ktap.sh"
plan_needs apt-get

# host: an apt that has neither sources nor lists
host()
{
	rm -rf "$tmp/apt"
	mkdir -p "$tmp/apt/etc/sources.list.d" "$tmp/apt/etc/preferences.d" \
		"$tmp/apt/lists/partial" "$tmp/apt/archives/partial"
	: >"$tmp/apt/status"
	cat >"$tmp/apt.conf" <<-CONF
		Dir::Etc "$tmp/apt/etc";
		Dir::Etc::sourcelist "sources.list";
		Dir::Etc::sourceparts "sources.list.d";
		Dir::State "$tmp/apt";
		Dir::State::lists "$tmp/apt/lists";
		Dir::State::status "$tmp/apt/status";
		Dir::Cache "$tmp/apt";
		APT::Architecture "amd64";
		APT::Architectures { "amd64"; };
	CONF
}

# list NAME ORIGIN LABEL: what "apt-get update" leaves of a source
list()
{
	printf 'Origin: %s\nLabel: %s\nSuite: stable\nCodename: trixie\nMD5Sum:\n' "$2" "$3" \
		>"$tmp/apt/lists/$1_Release"
	: >"$tmp/apt/lists/$1_main_binary-amd64_Packages"
}

said() { APT_CONFIG=$tmp/apt.conf "$here/../mirror" 2>"$tmp/err" | tr '\n' ' '; }

host
echo 'deb http://a.example/debian trixie main' >"$tmp/apt/etc/sources.list"
is "archive=http://a.example/debian security=http://a.example/debian-security " "$(said)" \
	"a line of sources.list, no lists; the security archive beside it"

host
cat >"$tmp/apt/etc/sources.list.d/x.sources" <<'SOURCES'
Types: deb deb-src
URIs: https://b.example/pub/debian/
Suites: bookworm bookworm-updates
Components: main

Types: deb
URIs: https://c.example/debian-security
Suites: bookworm-security
Components: main
SOURCES
is "archive=https://b.example/pub/debian security=https://c.example/debian-security " "$(said)" \
	"deb822"

host
echo 'deb http://f.example/archive/debian/20260101T000000Z trixie main' >"$tmp/apt/etc/sources.list"
is "archive=http://f.example/archive/debian/20260101T000000Z security=http://f.example/archive/debian-security/20260101T000000Z " \
	"$(said)" "a frozen mirror"

host
printf '%s\n' 'deb http://third.example/linux trixie main' 'deb http://a.example/debian trixie main' \
	>"$tmp/apt/etc/sources.list"
is "archive=http://a.example/debian security=http://a.example/debian-security " "$(said)" \
	"no lists: another archive with a suite of that name"

host
printf '%s\n' 'deb http://third.example/debian trixie main' 'deb http://a.example/os trixie main' \
	>"$tmp/apt/etc/sources.list"
list third.example_debian_dists_trixie Other Other
list a.example_os_dists_trixie Debian Debian
is "archive=http://a.example/os security= " "$(said)" "lists: the origin decides, not the path"

host
echo 'deb http://u.example/ubuntu noble main' >"$tmp/apt/etc/sources.list"
is "" "$(said)" "no source of Debian: nothing"
is 1 "$(grep -c THPRACE_MIRROR "$tmp/err")" "and the message says what to set"

is "archive=http://m.example/debian security=http://m.example/debian-security " \
	"$(THPRACE_MIRROR=http://m.example/ said)" "THPRACE_MIRROR"

finish
