# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
#
# bash completion for thprace. Commands, options, scenarios and ops are those that the
# program names itself, so that they are never stale. What only the module lists stands
# here: packages/lists makes it, "make man" puts it right.

# lists: begin shell-phases
_thprace_phases="split_huge_page folio_get_anon_vma try_to_migrate rmap_walk_anon
	try_to_migrate_one split_huge_pmd_address page_vma_mapped_walk remap_page remove_migration_ptes
	remove_migration_pte free_page_and_swap_cache split_huge_pmd remove_rmap_pmd remove_rmap_ptes
	deferred_split do_munmap split_vma anon_vma_clone vma_prepare vma_adjust_trans_huge
	vma_complete anon_vma_tree_remove anon_vma_tree_insert unmap_vmas unmap_page_range zap_huge_pmd
	free_pgtables unlink_anon_vmas tlb_finish_mmu copy_huge_pmd anon_vma_fork move_huge_pmd
	move_page_tables move_pages_huge_pmd copy_page_range do_huge_pmd_wp_page do_wp_page
	do_huge_pmd_anonymous_page change_huge_pmd madvise_free_huge_pmd khugepaged_scan_pmd
	khugepaged_find_pmd collapse_huge_page hugepage_vma_revalidate collapse_swapin
	pmdp_collapse_flush flush_tlb_mm_range deferred_split_scan shmem_fallocate shmem_undo_range
	migrate_pages exit_mmap gup_fast gup_slow follow_trans_huge_pmd follow_page_pte pin_pages
	unpin_user_page pipe_buf_release try_to_merge_one_page write_protect_page break_ksm
	shrink_folio_list try_to_unmap"
# lists: end shell-phases
# lists: begin shell-checks
_thprace_checks="page_mapcount entire_mapcount large_mapcount nr_pages_mapped mm_id refcount
	rmap_census rmap_linear anon_vma_alive pmd_geometry anon_exclusive migration_entry
	deferred_queue rss cache_index split_progress calibration split_lock split_folio_lock
	split_serial rmap_lock content reclaim_progress mlocked leak"
# lists: end shell-checks

# A long line for each option of a command: "--name", "--name=ARG" or "--name[=ARG]".
_thprace_options() # PROGRAM COMMAND
{
	local help=--help=all

	# That of the program is the whole of all commands.
	[[ $2 ]] || help=--help
	ARGP_HELP_FMT=no-dup-args-note,rmargin=2000,opt-doc-col=70 "$1" ${2:+"$2"} $help 2>/dev/null |
		sed -n 's/^ *\(-[a-zA-Z], \)\{0,1\} *\(--[a-z][^ ]*\).*/\2/p'
}

_thprace_commands() # PROGRAM
{
	ARGP_HELP_FMT=no-dup-args-note,rmargin=2000 "$1" --help 2>/dev/null |
		sed -n 's/^\(Usage\|  or\): *thprace \[OPTION[.]*\] *\([a-z][a-z]*\).*/\2/p'
}

_thprace_scenarios() { "$1" list scenarios 2>/dev/null | sed -n 's/^\([a-z][a-z0-9-]*\) .*/\1/p'; }

# It names them when one is wrong.
_thprace_ops() { "$1" run --ops -none- 2>&1 | sed -n 's/.*there are: //p'; }

# The option at the cursor's left that waits for its argument, if there is one.
_thprace_arg_of() # PROGRAM COMMAND OPTION -> ARG as the help has it
{
	local option=$3

	case $option in
	-d) option=--duration ;;
	-x) option=--exclude ;;
	esac
	_thprace_options "$1" "$2" | sed -n "s/^$option=//p; s/^$option\[=\(.*\)\]/\1/p"
}

# Words of a list that is being typed: what stands before the last separator stays.
_thprace_last() # SEPARATORS WORDS CURRENT
{
	local before=${3%"${3##*["$1"]}"} word

	for word in $2; do
		[[ $before$word != "$3"* ]] || COMPREPLY+=("$before$word")
	done
}

_thprace_schedule() # CURRENT: "a>PHASE b<PHASE a>end", of which the last step is completed
{
	local step=${1##* } before

	before=${1%"$step"}
	compopt -o nospace 2>/dev/null
	case $step in
	*[\<\>]*)
		_thprace_last '<>' "$_thprace_phases end" "$step"
		COMPREPLY=("${COMPREPLY[@]/#/$before}")
		;;
	*) COMPREPLY=("$before"{a,b}">") ;;
	esac
	# Of several bash does not close the quotes: there may be a next step.
	[[ ${#COMPREPLY[@]} != 1 ]] || COMPREPLY+=("${COMPREPLY[0]} ")
}

_thprace_words() { mapfile -t COMPREPLY < <(compgen -W "$1" -- "$2"); } # WORDS CURRENT

_thprace_files() # CURRENT
{
	compopt -o filenames 2>/dev/null
	mapfile -t COMPREPLY < <(compgen -f -- "$1")
}

_thprace_value() # PROGRAM ARG CURRENT: what the argument of an option can be
{
	case $2 in
	*FILE*) _thprace_files "$3" ;;
	*SCENARIO*) _thprace_words "$(_thprace_scenarios "$1")" "$3" ;;
	*SCHEDULE*) _thprace_schedule "$3" ;;
	*CHECK*) _thprace_last , "$_thprace_checks" "$3" ;;
	*PHASE*) _thprace_last , "$_thprace_phases" "$3" ;;
	*A,B*)
		compopt -o nospace 2>/dev/null
		_thprace_last ,: "split $(_thprace_ops "$1")" "$3"
		;;
	*PID*) _thprace_words "$(cd /proc && echo [0-9]*)" "$3" ;;
	*\|* | all) _thprace_words "${2//|/ }" "$3" ;;
	TIME) _thprace_words "60s 5m 1h 2d" "$3" ;;
	esac
}

# Is the cursor in the argument of an option? Then ARG, as the help has it, CURRENT and
# whether it is behind a quote are set. The words that bash has made of the line are
# none here: "=", ":" and ">" part them.
_thprace_in_value() # PROGRAM COMMAND LINE
{
	local option

	if [[ $3 =~ [[:space:]](--[a-z][a-z-]*)=([^[:space:]\"\']*|\"[^\"]*|\'[^\']*)$ ]]; then
		option=${BASH_REMATCH[1]}
	elif [[ $3 =~ [[:space:]](--[a-z][a-z-]*|-[dx])[[:space:]]+([^-[:space:]\"\'][^[:space:]\"\']*|\"[^\"]*|\'[^\']*|)$ ]]; then
		option=${BASH_REMATCH[1]}
		# What may be absent stands behind "=" only.
		[[ $'\n'$(_thprace_options "$1" "$2") != *$'\n'"${option}["* ]] || return
	else
		return 1
	fi
	current=${BASH_REMATCH[2]}
	arg=$(_thprace_arg_of "$1" "$2" "$option")
	quoted=''
	case $current in
	[\"\']*)
		quoted=1
		current=${current#?}
		;;
	esac
	[[ $arg ]]
}

_thprace()
{
	local program=$1 current arg quoted command='' i at=0 cut

	COMPREPLY=()
	for ((i = 1; i < COMP_CWORD; i++)); do
		case ${COMP_WORDS[i]} in
		-*) ;;
		*)
			command=${COMP_WORDS[i]}
			at=$i
			break
			;;
		esac
	done
	if _thprace_in_value "$program" "$command" "${COMP_LINE:0:COMP_POINT}"; then
		_thprace_value "$program" "$arg" "$current"
		# bash replaces what is behind the last of these.
		[[ $quoted ]] || cut=${current%"${current##*[:=]}"}
		COMPREPLY=("${COMPREPLY[@]#"$cut"}")
		return
	fi
	current=${COMP_WORDS[COMP_CWORD]}
	case $command/$current in
	*/-*)
		# What takes an argument goes on behind "=".
		_thprace_words "$(_thprace_options "$program" "$command" |
			sed 's/\[.*//; s/=.*/=/')" "$current"
		[[ ${#COMPREPLY[@]} != 1 || ${COMPREPLY[0]} != *= ]] || compopt -o nospace 2>/dev/null
		;;
	/*) _thprace_words "$(_thprace_commands "$program")" "$current" ;;
	run/*) _thprace_words "$(_thprace_scenarios "$program")" "$current" ;;
	list/*) [[ $at != $((COMP_CWORD - 1)) ]] || _thprace_words "scenarios ops checks phases" "$current" ;;
	check/*) ;;
	*) _thprace_files "$current" ;;
	esac
}

complete -F _thprace thprace
