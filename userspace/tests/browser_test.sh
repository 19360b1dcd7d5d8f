#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# The pages of thprace merge and of a grid in a real browser, on a desk and on a telephone:
# nothing may be wider than the window, and no label may be cut off.
#   browser_test.sh [DIR]    screenshots, dark and light, go to DIR
#
# The browser is Debian's, in a root of its own in the cache (THPRACE_CACHE, ~/.cache/thprace);
# nothing is installed. Skipped where that can't be had. Called by make browser.
set -eu

here=$(cd "$(dirname -- "$0")" && pwd)
cache=${THPRACE_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/thprace}/browser
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

skip() # REASON
{
	echo "ok 1 - pages in a browser # SKIP $1"
	exit 0
}

# A root with the browser and a font. Packages are unpacked only.
make_root() # DIR
{
	d=$tmp/apt
	mkdir -p "$d/lists/partial" "$d/debs/partial" "$1"
	: >"$d/status"
	cat >"$d/apt.conf" <<-CONF
	Dir::State "$d";
	Dir::State::lists "$d/lists";
	Dir::State::status "$d/status";
	Dir::Cache "$d";
	Dir::Cache::archives "$d/debs";
	APT::Sandbox::User "";
	APT::Install-Recommends "false";
	CONF
	APT_CONFIG=$d/apt.conf apt-get -qq update &&
		APT_CONFIG=$d/apt.conf apt-get -qq -y --download-only install \
			chromium-headless-shell fonts-dejavu-core || return 1
	for deb in "$d"/debs/*.deb; do
		dpkg-deb -x "$deb" "$1" || return 1
	done
	mkdir -p "$1/proc" "$1/dev" "$1/tmp" "$1/pages"
}

# browse ARG... FILE: a page of $tmp/pages
browse()
{
	# shellcheck disable=SC2016 # expands there
	unshare -m sh -c '
		root=$1 pages=$2
		shift 2
		mount --bind "$pages" "$root/pages" && mount -t proc proc "$root/proc" &&
			mount --rbind /dev "$root/dev" && HOME=/tmp exec chroot "$root" \
			/usr/lib/chromium/chromium-headless-shell --no-sandbox --disable-gpu \
			--hide-scrollbars "$@"' sh "$cache/root" "$tmp/pages" "$@" 2>"$tmp/log"
}

[ "$(id -u)" = 0 ] || skip "only root can use a root of its own here"
command -v dpkg-deb >/dev/null || skip "no dpkg-deb: the browser is a Debian package"
if [ ! -e "$cache/root" ]; then
	mkdir -p "$cache"
	echo "# fetching a browser: some 150 MB, once" >&2
	make_root "$tmp/root" >&2 || skip "no package chromium-headless-shell"
	mv -T "$tmp/root" "$cache/root"
fi
mkdir "$tmp/pages"
"$here/formats_test.sh" pages "$tmp/pages" >"$tmp/log" || {
	cat "$tmp/log"
	exit 1
}

# What the page says of itself, in its last element. Boxes that scroll may hide what is in them,
# pictures may not. A width below that of a window is a frame's.
cat >"$tmp/probe.html" <<'PROBE'
<pre id="probe">no answer</pre><script>
function wrong(w) {
	const bad = [], edge = w.innerWidth + 1, doc = w.document;
	if (doc.documentElement.scrollWidth > w.innerWidth)
		bad.push("page " + doc.documentElement.scrollWidth + " > " + w.innerWidth);
	for (const el of doc.body.querySelectorAll("*")) {
		const r = el.getBoundingClientRect(), svg = el.closest("svg");
		const name = el.tagName + "." + el.getAttribute("class") + " " + el.textContent.slice(0, 60);
		if (!r.width || el.tagName == "SCRIPT" || el.tagName == "title")
			continue;
		if (svg && el != svg) {
			const s = svg.getBoundingClientRect();
			if (r.left < s.left - 1 || r.right > s.right + 1 || r.top < s.top - 1 || r.bottom > s.bottom + 1)
				bad.push("cut off: " + name);
			continue;
		}
		if (!el.closest(".scroll") && (r.right > edge || r.left < -1))
			bad.push("out of the window: " + name);
		if (!svg && !el.classList.contains("scroll") && el.scrollWidth > el.clientWidth + 1 && el.clientWidth)
			bad.push("out of its box: " + name);
	}
	return bad;
}
const frame = document.createElement("iframe");
frame.style = "border:0;height:900px;width:WIDTHpx";
frame.onload = () => {
	const n = frame.contentDocument.body.querySelectorAll("*").length;
	document.getElementById("probe").textContent = "probed " + n + "\n" + wrong(frame.contentWindow).join("\n");
};
frame.src = "PAGE";
document.body.append(frame);
</script>
PROBE
nr=0 failed=0
for page in merged kinds hostile grid; do
	for width in 390 1280; do
		file=$page.html
		nr=$((nr + 1))
		sed -e "s/WIDTH/$width/" -e "s/PAGE/$file/" "$tmp/probe.html" \
			>"$tmp/pages/probe.html"
		browse --window-size=1400,1000 --allow-file-access-from-files \
			--virtual-time-budget=20000 --dump-dom file:///pages/probe.html >"$tmp/dom" || :
		sed -n '/<pre id="probe">/,/<\/pre>/p' "$tmp/dom" |
			sed 's/.*<pre id="probe">//; s/<\/pre>.*//' >"$tmp/said"
		if grep -q '^probed [1-9][0-9]' "$tmp/said" && [ "$(grep -c . "$tmp/said")" = 1 ]; then
			echo "ok $nr - $page at $width pixels"
		else
			echo "not ok $nr - $page at $width pixels"
			sed 's/^/# /' "$tmp/said" | head -n 20
			grep -q '^probed' "$tmp/said" || sed 's/^/# /' "$tmp/log" | tail -n 5
			failed=1
		fi
		[ -n "${1-}" ] || continue
		mkdir -p "$1"
		for scheme in 0 1; do # dark, light
			browse --window-size="$width,2600" --screenshot=/pages/shot.png \
				"--blink-settings=preferredColorScheme=$scheme" "file:///pages/$file" || :
			mv "$tmp/pages/shot.png" "$1/$page-$width-$scheme.png"
		done
	done
done
echo "1..$nr"
exit $failed
