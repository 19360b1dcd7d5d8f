#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""What thprace.py says of memory that is made up: a dump with one process and one folio.

    model.py MODULE

MODULE is a thprace.ko with DWARF: the structures are laid out as its kernel has them. Needs drgn,
and no guest. Called by drgn/test.
"""

import contextlib
import importlib.util
import io
import os
import re
import struct
import sys
import tempfile

import drgn

DIRECT, VMEMMAP, PAGE = 0xffff888000000000, 0xffffea0000000000, 4096
ADDR, PFN, PID = 0x7f0000200000, 0x43600, 123
TABLE, HUGE = 0x67, 0xe7
ALL = (1 << 64) - 1


class Model:
    """Pages by their addresses, and fields of structures in them."""

    def __init__(self, types):
        self.types = types
        self.prog = drgn.Program(drgn.Platform(drgn.Architecture.X86_64))
        self.prog.load_debug_info([types])
        self.pages = {}
        self.next = DIRECT + 0x1000000
        self.page_size = drgn.sizeof(self.prog.type("struct page"))
        self.head = VMEMMAP + PFN * self.page_size
        self.bits = dict((name, value) for name, value in self.prog.type("enum pageflags").enumerators)

    def alloc(self, size=PAGE):
        address = self.next
        self.next += (size + PAGE - 1) & ~(PAGE - 1)
        for page in range(address, self.next, PAGE):
            self.pages[page] = bytearray(PAGE)
        return address

    def put(self, address, data):
        for i, byte in enumerate(data):
            at = address + i
            self.pages.setdefault(at & ~(PAGE - 1), bytearray(PAGE))[at & PAGE - 1] = byte

    def word(self, address, value):
        self.put(address, struct.pack("<Q", value & ALL))

    def offset(self, kind, *names):
        """Of the first of these members that this kernel has."""
        for name in names:
            try:
                return drgn.offsetof(self.prog.type("struct " + kind), name)
            except LookupError:
                pass
        raise LookupError(f"no {names[0]} in struct {kind}")

    def has(self, kind, name):
        try:
            return self.offset(kind, name) >= 0
        except LookupError:
            return False

    def set(self, address, kind, **fields):
        """Words; names of members have "__" for a dot, and a count is of 4 bytes."""
        for name, value in fields.items():
            at = address + self.offset(kind, *OTHER_NAMES.get(name, ()), name.replace("__", "."))
            if name in COUNTS:
                self.put(at, struct.pack("<i", value))
            else:
                self.word(at, value)

    def write(self, path):
        """As an ELF core."""
        addresses = sorted(self.pages)
        data = 64 + 56 * len(addresses)
        with open(path, "wb") as out:
            out.write(b"\x7fELF\x02\x01\x01" + bytes(9) + struct.pack(
                "<HHIQQQIHHHHHH", 4, 62, 1, 0, 64, 0, 0, 64, 56, len(addresses), 0, 0, 0))
            for i, address in enumerate(addresses):
                out.write(struct.pack("<IIQQQQQQ", 1, 7, data + PAGE * i, address, 0, PAGE, PAGE, 0))
            for address in addresses:
                out.write(self.pages[address])


# Of newer kernels.
OTHER_NAMES = {"compound_head": ["compound_info"]}
COUNTS = {"pid", "refcount", "_mapcount", "_refcount", "_entire_mapcount", "_large_mapcount",
          "_nr_pages_mapped"}


class Folio(Model):
    """A process that maps one huge page."""

    def __init__(self, types):
        super().__init__(types)
        self.symbols = self.alloc()
        self.word(self.symbols, VMEMMAP)
        self.word(self.symbols + 8, DIRECT)
        self.make_process()
        self.make_folio()

    def make_process(self):
        size = drgn.sizeof(self.prog.type("struct task_struct"))
        self.init, task, mm = self.alloc(size), self.alloc(size), self.alloc()
        tasks = self.offset("task_struct", "tasks")
        self.set(self.init, "task_struct", tasks__next=task + tasks)
        self.set(task, "task_struct", tasks__next=self.init + tasks, pid=PID, mm=mm)
        self.put(task + self.offset("task_struct", "comm"), b"helper\0")
        pgd, pud, pmd, self.pte = (self.alloc() for _ in range(4))
        self.set(mm, "mm_struct", owner=task, pgd=pgd)
        self.word(pgd + 8 * (ADDR >> 39 & 511), pud - DIRECT | TABLE)
        self.word(pud + 8 * (ADDR >> 30 & 511), pmd - DIRECT | TABLE)
        self.slot = pmd + 8 * (ADDR >> 21 & 511)
        self.anon_vma, vma, chain = (self.alloc() for _ in range(3))
        node = chain + self.offset("anon_vma_chain", "rb")
        self.set(self.anon_vma, "anon_vma", root=self.anon_vma, refcount=2,
                 rb_root__rb_root__rb_node=node)
        self.set(chain, "anon_vma_chain", vma=vma)
        self.set(vma, "vm_area_struct", vm_start=ADDR, vm_end=ADDR + 0x400000, vm_pgoff=ADDR >> 12,
                 vm_mm=mm)
        if self.has("vm_area_struct", "__vm_anon_pgoff_lo"):
            for half, name in enumerate(("lo", "hi")):
                self.put(vma + self.offset("vm_area_struct", "__vm_anon_pgoff_" + name),
                         struct.pack("<I", ADDR >> 12 + 32 * half & 0xffffffff))

    def make_folio(self):
        for i in range(513):
            page = self.head + self.page_size * i
            self.set(page, "page", compound_head=self.head + 1 if 0 < i < 512 else 0, _mapcount=-1)
        self.set(self.head, "folio", mapping=self.anon_vma | 1, index=ADDR >> 12, _refcount=1,
                 _entire_mapcount=0, _large_mapcount=0,
                 flags=1 << self.bits["PG_head"] | 1 << self.bits["PG_uptodate"])
        self.set(self.head + self.page_size, "page", flags=9)
        self.queue_at(self.head + self.offset("folio", "_deferred_list"))
        self.word(self.slot, PFN << 12 | HUGE)

    def queue_at(self, head):
        """The queue has this folio alone; its own list: none has it."""
        own = self.head + self.offset("folio", "_deferred_list")
        for at, to in ((own, head), (head, own)):
            self.word(at, to)
            self.word(at + 8, to)

    def split_entry(self):
        """512 small entries, of which some are none, of a migration, PROT_NONE, swapped out."""
        self.word(self.slot, self.pte - DIRECT | TABLE)
        for i in range(512):
            self.word(self.pte + 8 * i, PFN + i << 12 | TABLE)
            self.set(self.head + self.page_size * i, "page", _mapcount=-1 if i == 7 else 0)
        self.word(self.pte + 8 * 7, 0)
        for i in (9, 10):
            self.word(self.pte + 8 * i, 25 << 59 | (~(PFN + i) << 14 & ALL) >> 5)
        self.word(self.pte + 8 * 11, ~(PFN + 11) << 12 & (1 << 52) - 1 | 0x100)
        self.word(self.pte + 8 * 12, 2 << 59 | (~5 << 14 & ALL) >> 5)
        memcg, queue = self.alloc(), "deferred_split_queue.split_queue"
        self.set(self.head, "folio", memcg_data=memcg, _entire_mapcount=-1)
        self.whose = " of its memcg" if self.has("mem_cgroup", queue) else "$"
        self.queue_at(memcg + (self.offset("mem_cgroup", queue) if self.whose != "$" else 64))


class Test:
    """Runs thprace.py on a model, and counts."""

    def __init__(self, types, directory):
        here = os.path.dirname(os.path.abspath(__file__))
        spec = importlib.util.spec_from_file_location("tool", os.path.join(here, "thprace.py"))
        self.tool = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(self.tool)
        self.types, self.core = types, os.path.join(directory, "core")
        self.symbols = os.path.join(directory, "symbols")
        self.passed = self.failed = 0

    def take(self, model):
        model.write(self.core)
        with open(self.symbols, "w", encoding="ascii") as out:
            out.write(f"{model.symbols:x} D vmemmap_base\n{model.symbols + 8:x} D page_offset_base\n"
                      f"{model.init:x} D init_task\n")

    def says(self, status, pattern, *words):
        out = io.StringIO()
        sys.argv = ["thprace.py", "--types", self.types, "--core", self.core,
                    "--symbols", self.symbols, *(str(word) for word in words)]
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(out):
            got = self.tool.main()
        if got == status and re.search(pattern, out.getvalue(), re.M):
            self.passed += 1
            return
        self.failed += 1
        print(f"not ok: {' '.join(sys.argv[7:])}: status {got}, wanted {status} and '{pattern}' in:\n"
              f"{out.getvalue()}")


def main():
    if len(sys.argv) != 2:
        print("usage: model.py MODULE", file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory() as directory:
        types = sys.argv[1]
        test, model = Test(types, directory), Folio(types)
        test.take(model)
        test.says(0, r"^folio .* order 9 .*head", "pid", PID, ADDR)
        test.says(0, r"^ .*refcount 1  entire_mapcount 0  large_mapcount 0", "pid", PID, ADDR)
        test.says(0, r"^ .*entries 0-511:pmd\+write", "pid", PID, ADDR + 5 * PAGE)
        test.says(0, r"^mappings +1 found", "pfn", PFN + 7)
        test.says(0, r"^map +pid 123 \(helper\)", "pfn", PFN)
        test.says(0, r"^queue +no$", "pfn", PFN)
        model.split_entry()
        test.take(model)
        some = r"pte\+write\+dirty\+young"
        test.says(0, rf"entries 0-6:{some},7:none,8:{some},"
                  rf"9-10:pte\+migration_or_special_of_this_folio,11:pte\+protnone,12:pte\+swap,"
                  rf"13-511:{some}$", "pid", PID, ADDR)
        test.says(0, r"^mappings +508 found", "pfn", PFN)
        test.says(0, r"mapcounts 0-6:0,7:-1,8-511:0$", "pfn", PFN)
        test.says(0, r"^queue +yes, one of 1 in the queue at 0x[0-9a-f]+" + model.whose, "pfn", PFN)
        test.says(0, r"1 VMAs\n .*of this folio$", "pfn", PFN)
        test.says(1, "nothing is mapped", "pid", PID, ADDR + 7 * PAGE)
        test.says(1, "nothing is mapped", "pid", PID, PAGE)
        test.says(1, "no process", "pid", 9, PAGE)
        test.says(1, "no page", "pfn", 0x7fffffffff)
        test.says(2, "nosuch", "--types", "/nosuch", "pfn", 1)
        print(f"{test.passed} passed, {test.failed} failed")
        return 1 if test.failed else 0


if __name__ == "__main__":
    sys.exit(main())
