#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Shows the folio of a page: counts, every mapping with its entries, anon_vma tree, queue.

    drgn/thprace.py --types thprace.ko pfn 0x12345
    drgn/thprace.py --types thprace.ko pid 123 0x7f0000000000
    drgn/thprace.py --types vmlinux --core dump --symbols System.map pfn 0x12345

For x86-64 with page tables of four levels, with drgn (Debian: python3-drgn), as root.  The types
come from the module as it is built with a distribution's headers, or from any other file of that
very kernel with DWARF; the addresses from /proc/kallsyms or a System.map.  So no package with debug
information of the kernel is needed.  Memory is /proc/kcore, or an ELF dump with virtual addresses
(of QEMU: "dump-guest-memory -p").

Nothing is locked: what changes while it is looked at may be shown in between, and a report of the
module is what judges.  Exit status: 0, 1 there is no such folio, 2 usage or an error.
"""

import argparse
import bisect
import struct
import sys

import drgn

PAGE_SHIFT = 12
PAGE = 1 << PAGE_SHIFT
ENTRIES = 512
ADDR_MASK = ((1 << 52) - 1) & ~(PAGE - 1)
PRESENT, WRITE, ACCESSED, DIRTY, HUGE, PROTNONE, SOFT_DIRTY = (1 << n for n in (0, 1, 5, 6, 7, 8, 11))
UFFD_WP = 1 << 10
# Of an entry that is not present: 5 bits of type, then the page, inverted; swap files are the
# lowest types, and what names a page by its number has one of the highest.
SWP_SHIFT, SWP_FIRST_SPECIAL, SWP_MARKER = 14, 20, 31
SWP_PFN_MASK = (1 << 40) - 1
MAPPING_ANON, MAPPING_FLAGS = 1, 3
NO_MEMORY = drgn.FaultError


class Gone(Exception):
    """There is no such folio."""


class Core:
    """The memory of an ELF core: /proc/kcore, or a dump."""

    def __init__(self, path):
        self.file = open(path, "rb", buffering=0)
        head = self.file.read(64)
        if head[:6] != b"\x7fELF\x02\x01":
            raise ValueError(f"{path} is no ELF file of 64 bits")
        phoff, shoff = struct.unpack_from("<QQ", head, 32)
        size, nr = struct.unpack_from("<HH", head, 54)
        if nr == 0xffff:
            # more than fit: the real number is in the first section header
            self.file.seek(shoff + 44)
            nr = struct.unpack("<I", self.file.read(4))[0]
        self.file.seek(phoff)
        table = self.file.read(size * nr)
        self.segments = []
        for i in range(nr):
            kind, _, offset, vaddr, _, length, _, _ = struct.unpack_from("<IIQQQQQQ", table, i * size)
            if kind == 1 and vaddr and length:
                self.segments.append((vaddr, length, offset))
        if not self.segments:
            raise ValueError(f"{path} has no virtual addresses")
        self.segments.sort()
        self.starts = [segment[0] for segment in self.segments]

    def read(self, address, count):
        data = b""
        while len(data) < count:
            at = address + len(data)
            i = bisect.bisect_right(self.starts, at) - 1
            start, length, offset = self.segments[i] if i >= 0 else (0, 0, 0)
            if i < 0 or at >= start + length:
                raise drgn.FaultError("not in the core", at)
            self.file.seek(offset + at - start)
            more = self.file.read(min(count - len(data), start + length - at))
            if not more:
                raise drgn.FaultError("the core ends", at)
            data += more
        return data


class Kernel:
    """Types, memory and addresses of one kernel."""

    def __init__(self, types, core, symbols):
        self.symbols = self.read_symbols(symbols)
        self.core = Core(core)
        self.prog = drgn.Program(drgn.Platform(drgn.Architecture.X86_64))
        self.prog.add_memory_segment(
            1 << 63, 1 << 63, lambda address, count, offset, physical: self.core.read(address, count))
        self.prog.load_debug_info([types])
        self.page_size = drgn.sizeof(self.prog.type("struct page"))
        self.vmemmap = self.variable("vmemmap_base", 0xffffea0000000000)
        self.direct = self.variable("page_offset_base", 0xffff888000000000)
        self.flag_names = self.read_flags()

    @staticmethod
    def read_symbols(path):
        wanted = {"init_task", "vmemmap_base", "page_offset_base"}
        found = {}
        with open(path, encoding="ascii", errors="replace") as lines:
            for line in lines:
                words = line.split()
                if len(words) == 3 and words[2] in wanted:
                    found[words[2]] = int(words[0], 16)
        if not found.get("init_task"):
            raise ValueError(f"{path} does not tell addresses (root, and kptr_restrict below 2)")
        return found

    def read_flags(self):
        """(bit, name): of several names of a bit the first."""
        names = {}
        for name, value in self.prog.type("enum pageflags").enumerators:
            if name.startswith("PG_"):
                names.setdefault(value, name[3:].lower())
        return sorted(names.items())

    def variable(self, name, default):
        address = self.symbols.get(name)
        return struct.unpack("<Q", self.core.read(address, 8))[0] if address else default

    def object(self, kind, address):
        return drgn.Object(self.prog, kind, address=address)

    def page(self, pfn):
        return self.object("struct page", self.vmemmap + pfn * self.page_size)

    def pfn(self, address):
        return (address - self.vmemmap) // self.page_size

    def words(self, physical, nr):
        return struct.unpack(f"<{nr}Q", self.core.read(self.direct + physical, nr * 8))

    def tasks(self):
        """Leaders of all processes."""
        init = self.object("struct task_struct", self.symbols["init_task"])
        offset = drgn.offsetof(self.prog.type("struct task_struct"), "tasks")
        at = init.tasks.next.value_()
        while at != init.address_of_().value_() + offset:
            task = self.object("struct task_struct", at - offset)
            yield task
            at = task.tasks.next.value_()

    def task(self, pid):
        for task in self.tasks():
            if task.pid.value_() == pid:
                return task
        raise Gone(f"there is no process {pid}")


def member(obj, *names):
    """The value of the first of these members that this kernel has, or None."""
    for name in names:
        try:
            found = getattr(obj, name)
        except AttributeError:
            continue
        while found.type_.kind in (drgn.TypeKind.STRUCT, drgn.TypeKind.TYPEDEF) and \
                hasattr(found, "counter"):
            found = found.counter
        return found.value_()
    return None


def flags_of(page):
    return member(page.flags, "f") if hasattr(page.flags, "f") else page.flags.value_()


def runs(values):
    """[(first, last, value)] of a list."""
    result = []
    for i, value in enumerate(values):
        if result and result[-1][2] == value:
            result[-1][1] = i
        else:
            result.append([i, i, value])
    return result


def show_runs(values):
    return ",".join((f"{a}:{v}" if a == b else f"{a}-{b}:{v}") for a, b, v in runs(values))


class Folio:
    """A folio, by any of its pages."""

    def __init__(self, kernel, pfn):
        self.kernel = kernel
        try:
            page = kernel.page(pfn)
            info = page.compound_info.value_() if hasattr(page, "compound_info") else \
                page.compound_head.value_()
            head = page.address_of_().value_()
            if info & 1:
                # newer kernels: a mask, which has more ones at its top than any address
                head = head & info if info >> 32 == 0xffffffff else info - 1
            self.pfn = kernel.pfn(head)
            self.folio = kernel.object("struct folio", head)
            flags = flags_of(self.folio)
            self.names = [name for bit, name in kernel.flag_names if flags >> bit & 1]
            self.order = flags_of(kernel.page(self.pfn + 1)) & 0xff if "head" in self.names else 0
        except (NO_MEMORY, OverflowError):
            raise Gone(f"there is no page {pfn:#x}") from None
        self.nr = 1 << self.order
        self.mapping = self.folio.mapping.value_()
        self.index = self.folio.index.value_()
        self.anon = self.mapping & MAPPING_FLAGS == MAPPING_ANON

    def has(self, pfn):
        return self.pfn <= pfn < self.pfn + self.nr

    def show(self):
        folio = self.folio
        print(f"folio       pfn {self.pfn:#x}  order {self.order}  flags {','.join(self.names)}")
        line = f"            refcount {member(folio, '_refcount')}"
        if self.order:
            for name in ("_entire_mapcount", "_large_mapcount", "_nr_pages_mapped"):
                value = member(folio, name)
                if value is not None:
                    line += f"  {name[1:]} {value}"
        print(line)
        counts = [member(self.kernel.page(self.pfn + i), "_mapcount") for i in range(self.nr)]
        print(f"            mapcounts {show_runs(counts)}")
        kind = "anon_vma" if self.anon else "none" if not self.mapping else \
            "ksm" if self.mapping & MAPPING_FLAGS == 3 else "file"
        print(f"            mapping {kind} {self.mapping & ~MAPPING_FLAGS:#x}  index {self.index:#x}")

    def show_queue(self):
        """On which queue of deferred splits it is, by going round its list."""
        if self.order < 2 or not hasattr(self.folio, "_deferred_list"):
            return
        entry = self.folio._deferred_list
        own = entry.address_of_().value_()
        at, nr, head = entry.next.value_(), 1, None
        if at in (0, own):
            print("queue       no")
            return
        first, last = self.kernel.vmemmap, self.kernel.vmemmap + (1 << 40)
        while at != own and nr < 1 << 20:
            if first <= at < last:
                nr += 1
            else:
                head = at
            at = self.kernel.object("struct list_head", at).next.value_()
        where = "a list without a head" if head is None else f"the queue at {head:#x}{self.whose(head)}"
        print(f"queue       yes, one of {nr} in {where}")

    def whose(self, head):
        """Its memcg's, or no more than an address."""
        memcg = (member(self.folio, "memcg_data") or 0) & ~7
        try:
            kind = self.kernel.prog.type("struct mem_cgroup")
            start = memcg + drgn.offsetof(kind, "deferred_split_queue.split_queue")
        except LookupError:
            return ""
        return f" of its memcg {memcg:#x}" if memcg and head == start else " of its node"


def in_order(kernel, root, container):
    """Nodes of a red-black tree, as addresses of what they are in."""
    stack, node = [], root.rb_node.value_()
    nr = 0
    while stack or node:
        while node:
            stack.append(node)
            node = kernel.object("struct rb_node", node).rb_left.value_()
        node = stack.pop()
        yield node - container
        nr += 1
        if nr > 1 << 16:
            raise Gone("the tree goes on for ever: it changes, or is broken")
        node = kernel.object("struct rb_node", node).rb_right.value_()


def first_index(vma, anon):
    """The page offset of a VMA in the tree of its anon_vma, or of its file."""
    if anon and hasattr(vma, "__vm_anon_pgoff_lo"):
        return getattr(vma, "__vm_anon_pgoff_hi").value_() << 32 | \
            getattr(vma, "__vm_anon_pgoff_lo").value_()
    return vma.vm_pgoff.value_()


class Vmas:
    """Where rmap says that a folio is mapped."""

    def __init__(self, folio):
        self.folio, self.kernel = folio, folio.kernel
        self.seen = []
        if not folio.mapping or folio.mapping & MAPPING_FLAGS not in (0, MAPPING_ANON):
            return
        prog = self.kernel.prog
        at = folio.mapping & ~MAPPING_FLAGS
        if folio.anon:
            self.anon_vma = self.kernel.object("struct anon_vma", at)
            offset = drgn.offsetof(prog.type("struct anon_vma_chain"), "rb")
            for avc in in_order(self.kernel, self.anon_vma.rb_root.rb_root, offset):
                chain = self.kernel.object("struct anon_vma_chain", avc)
                self.seen.append(self.kernel.object("struct vm_area_struct", chain.vma.value_()))
        else:
            mapping = self.kernel.object("struct address_space", at)
            offset = drgn.offsetof(prog.type("struct vm_area_struct"), "shared.rb")
            for vma in in_order(self.kernel, mapping.i_mmap.rb_root, offset):
                self.seen.append(self.kernel.object("struct vm_area_struct", vma))

    def show_tree(self):
        if not self.folio.anon:
            return
        root = self.anon_vma.root.value_()
        print(f"anon_vma    {self.anon_vma.address_of_().value_():#x}  root {root:#x}  "
              f"refcount {member(self.anon_vma, 'refcount')}  {len(self.seen)} VMAs")
        for vma in self.seen:
            start, end = vma.vm_start.value_(), vma.vm_end.value_()
            index = first_index(vma, True)
            last = index + (end - start >> PAGE_SHIFT) - 1
            here = "  of this folio" if index < self.folio.index + self.folio.nr and \
                last >= self.folio.index else ""
            print(f"            {start:#x}-{end:#x}  index {index:#x}-{last:#x}  {owner(vma)}{here}")

    def show_mappings(self):
        total = 0
        for vma in self.seen:
            total += self.show_mapping(vma)
        print(f"mappings    {total} found (a huge entry is one)")

    def show_mapping(self, vma):
        start, end = vma.vm_start.value_(), vma.vm_end.value_()
        index = first_index(vma, self.folio.anon)
        # pages of the folio that lie in the VMA
        low = max(0, index - self.folio.index)
        high = min(self.folio.nr, index + (end - start >> PAGE_SHIFT) - self.folio.index)
        if low >= high:
            return 0
        at = start + (self.folio.index + low - index << PAGE_SHIFT)
        table = Table(self.kernel, vma.vm_mm.pgd.value_())
        entries = [self.describe(*table.find(at + i * PAGE)) for i in range(high - low)]
        print(f"map         {owner(vma)}  vma {start:#x}-{end:#x}  at {at:#x}  pages {low}+{high - low}")
        print(f"            entries {show_runs([text for text, _ in entries])}")
        return sum(1 for i, (_, is_map) in enumerate(entries)
                   if is_map == "pte" or (is_map == "pmd" and (not i or entries[i - 1][1] != "pmd")))

    def describe(self, level, value):
        """(text, which level maps a page of the folio, or None)"""
        if not value:
            return "none", None
        if value & (PRESENT | PROTNONE) or level == "pmd" and value & HUGE:
            bits = [name for bit, name in ((WRITE, "write"), (DIRTY, "dirty"), (ACCESSED, "young"),
                                           (SOFT_DIRTY, "soft_dirty"), (UFFD_WP, "uffd_wp"))
                    if value & bit]
            if not value & PRESENT:
                bits.append("protnone")
            ours = self.folio.has(entry_pfn(value))
            text = f"{level}+{'+'.join(bits) if bits else 'plain'}"
            return (text, level) if ours else (f"{level}+another_folio", None)
        kind, pfn = value >> 59, (~value << 5 & (1 << 64) - 1) >> SWP_SHIFT
        if kind == SWP_MARKER:
            return f"{level}+marker", None
        if kind < SWP_FIRST_SPECIAL:
            return f"{level}+swap", None
        ours = "of_this_folio" if self.folio.has(pfn & SWP_PFN_MASK) else "of_another_folio"
        return f"{level}+migration_or_special_{ours}", None


def entry_pfn(value):
    """Of an entry with a page; what is PROT_NONE has it inverted."""
    return ((value if value & PRESENT else ~value) & ADDR_MASK) >> PAGE_SHIFT


class Table:
    """A page table, each page of it read once."""

    def __init__(self, kernel, pgd):
        self.kernel = kernel
        # with isolated page tables the user's half is the one that is written: the same
        self.top = pgd - kernel.direct
        self.known = {}

    def entry(self, physical, index):
        if physical not in self.known:
            self.known[physical] = self.kernel.words(physical, ENTRIES)
        return self.known[physical][index]

    def find(self, addr):
        """(level, entry) that an address has; 0: none."""
        table = self.top
        levels = ((39, "pgd"), (30, "pud"), (21, "pmd"), (12, "pte"))
        for shift, name in levels:
            entry = self.entry(table, addr >> shift & ENTRIES - 1)
            if name == "pte" or not entry & PRESENT or entry & HUGE:
                return name, entry
            table = entry & ADDR_MASK
        return "pte", 0


def owner(vma):
    task = vma.vm_mm.owner if hasattr(vma.vm_mm, "owner") else None
    mm = vma.vm_mm.value_()
    if task is None or not task.value_():
        return f"mm {mm:#x}"
    return f"pid {task.pid.value_()} ({task.comm.string_().decode(errors='replace')})  mm {mm:#x}"


def pfn_of(kernel, pid, addr):
    task = kernel.task(pid)
    if not task.mm.value_():
        raise Gone(f"process {pid} has no memory")
    level, entry = Table(kernel, task.mm.pgd.value_()).find(addr)
    if not entry & (PRESENT | PROTNONE):
        raise Gone(f"nothing is mapped at {addr:#x} of {pid} ({level} entry {entry:#x})")
    pfn = entry_pfn(entry)
    return pfn + (addr >> PAGE_SHIFT & ENTRIES - 1) if level == "pmd" else pfn


def number(text):
    return int(text, 0)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--types", required=True, help="thprace.ko, vmlinux: with DWARF of this kernel")
    parser.add_argument("--core", default="/proc/kcore", help="ELF dump with virtual addresses")
    parser.add_argument("--symbols", default="/proc/kallsyms", help="or its System.map (no KASLR)")
    what = parser.add_subparsers(dest="what", required=True)
    by_pfn = what.add_parser("pfn", help="a page by its number")
    by_pfn.add_argument("pfn", type=number)
    by_pid = what.add_parser("pid", help="a page by its address in a process")
    by_pid.add_argument("pid", type=number)
    by_pid.add_argument("addr", type=number)
    args = parser.parse_args()
    try:
        kernel = Kernel(args.types, args.core, args.symbols)
        pfn = args.pfn if args.what == "pfn" else pfn_of(kernel, args.pid, args.addr)
        folio = Folio(kernel, pfn)
        folio.show()
        folio.show_queue()
        vmas = Vmas(folio)
        vmas.show_mappings()
        vmas.show_tree()
    except Gone as gone:
        print(f"thprace.py: {gone}", file=sys.stderr)
        return 1
    except (ValueError, OSError, LookupError, drgn.MissingDebugInfoError, NO_MEMORY) as error:
        print(f"thprace.py: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
