// SPDX-License-Identifier: GPL-2.0
/*
 * How pages look: on a desk and on a telephone, dark and light
 *
 * Nothing is loaded from anywhere.
 */
#include "escape.h"
#include "heatmap.h"
#include "html_style.h"

static const char style[] =
":root{color-scheme:light dark;--bg:#fff;--fg:#1c1c1c;--dim:#5a5a5a;--line:#cfcfcf;--box:#f4f4f4}\n"
"@media (prefers-color-scheme:dark){:root{--bg:#181818;--fg:#e4e4e4;--dim:#a8a8a8;--line:#444;--box:#242424}}\n"
"*{box-sizing:border-box}\n"
"body{margin:0 auto;padding:12px 16px 48px;max-width:1248px;background:var(--bg);color:var(--fg);\n"
"font:15px/1.45 system-ui,\"DejaVu Sans\",sans-serif;overflow-wrap:anywhere}\n"
"h1{font-size:1.5em;margin:.4em 0}h2{font-size:1.2em;margin:1.6em 0 .4em}h3{font-size:1em;margin:.6em 0}\n"
"p{margin:.4em 0}.dim{color:var(--dim)}\n"
".scroll{overflow-x:auto;max-width:100%}\n"
"table{border-collapse:collapse;font-size:14px}\n"
"th,td{border:1px solid var(--line);padding:3px 8px;text-align:left;vertical-align:top}\n"
"th{background:var(--box);font-weight:600}\n"
".matrix th,.matrix td{overflow-wrap:normal;white-space:nowrap}\n"
".matrix thead th{white-space:normal;overflow-wrap:anywhere;min-width:6.5em;max-width:11em;vertical-align:bottom}\n"
".matrix tbody th,.matrix thead th:first-child{position:sticky;left:0}\n"
".matrix tbody th{max-width:46vw;white-space:normal;overflow-wrap:anywhere;min-width:10em}\n"
".wide td:last-child{min-width:16em}\n"
".tag{display:inline-block;padding:0 .5em;border-radius:.3em;font-weight:600}\n"
".o-fail,.o-splat{background:#c62828;color:#fff}.o-lost,.o-error{background:#6a1b9a;color:#fff}\n"
".o-inconclusive,.o-not_begun{background:#ffe082;color:#222}.o-pass{background:#2e7d32;color:#fff}\n"
".o-skip{background:#9e9e9e;color:#111}\n"
"td.o-pass{background:#c8e6c9;color:#123}td.o-skip{background:transparent;color:var(--dim)}\n"
"@media (prefers-color-scheme:dark){td.o-pass{background:#1f4423;color:#dfeee0}\n"
".o-inconclusive,.o-not_begun{background:#8d6e00;color:#fff}}\n"
".card{border:1px solid var(--line);border-left:4px solid #c62828;border-radius:4px;padding:6px 12px;min-width:0}\n"
".cards{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,420px),1fr));gap:8px}\n"
"pre span{display:inline-block;max-width:100%;overflow-wrap:anywhere}\n"
"pre{margin:.4em 0;padding:6px 8px;background:var(--box);white-space:pre-wrap;font:13px/1.4 \"DejaVu Sans Mono\",monospace}\n"
".side{display:flex;flex-wrap:wrap;gap:16px}.side>*{min-width:0;max-width:100%}\n"
".chart{width:100%;max-width:560px;height:auto;display:block}\n"
".chart text{font:11px \"DejaVu Sans\",sans-serif;fill:var(--dim)}\n"
".chart .axis{stroke:var(--line);fill:none}.chart polyline{fill:none;stroke-width:2}\n"
".k0{stroke:#1976d2}.k1{stroke:#e65100}.k2{stroke:#388e3c}.k3{stroke:#8e24aa}.k4{stroke:#c2185b}.k5{stroke:#00838f}\n"
"@media (prefers-color-scheme:dark){.k0{stroke:#64b5f6}.k1{stroke:#ffb74d}.k2{stroke:#81c784}\n"
".k3{stroke:#ce93d8}.k4{stroke:#f48fb1}.k5{stroke:#4dd0e1}}\n"
".key{list-style:none;padding:0;margin:.4em 0}.key svg{vertical-align:middle;margin-right:.5em;width:24px;\n"
"display:inline}.half{flex:1 1 340px}\n";

/**
 * html_style() - title and style of a page, and the begin of its body
 * @out: where to
 * @title: of the page
 */
void html_style(FILE *out, const char *title)
{
	fputs("<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n<title>",
	      out);
	escape_put(out, title);
	fprintf(out, "</title>\n<style>\n%s", style);
	heatmap_style(out);
	fputs("</style>\n<body>\n", out);
}
