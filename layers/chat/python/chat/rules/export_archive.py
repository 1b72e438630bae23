"""The archive of an export: a ZIP of stored files, whose bytes follow from their names, sizes and checksums. Reads nothing.

No instant is in it and nothing is compressed, so each piece of it can be made anew and comes to the same.
https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT, version 6.3.10
"""

import struct

from chat.rules.record import record

_VERSION = 45
"""What it takes to read it: 4.5, for ZIP64."""
_UTF8 = 0x0800
_FIRST_DAY = 0x0021
"""1 January 1980, the first date that ZIP can write."""
_MOST = 0xFFFF_FFFF


@record(frozen=True, slots=True)
class Entry:
    """A file of the archive. `size` is in bytes, below 4 GiB."""

    name: str
    size: int
    crc32: int

    @property
    def length(self) -> int:
        """Bytes of its header and its content."""
        return 30 + len(self.name.encode()) + self.size


def local_header(entry: Entry) -> bytes:
    """What stands before a file (4.3.7)."""
    name = entry.name.encode()
    numbers = (0x04034B50, _VERSION, _UTF8, 0, 0, _FIRST_DAY)
    return struct.pack("<L5H3L2H", *numbers, entry.crc32, entry.size, entry.size, len(name), 0) + name


def central_header(entry: Entry, offset: int) -> bytes:
    """A file's line in the central directory (4.3.12); `offset` is where its header stands in the archive."""
    name = entry.name.encode()
    extra = struct.pack("<2HQ", 0x0001, 8, offset) if offset >= _MOST else b""
    numbers = (0x02014B50, _VERSION, _VERSION, _UTF8, 0, 0, _FIRST_DAY)
    sizes = (entry.crc32, entry.size, entry.size, len(name), len(extra))
    return struct.pack("<L6H3L5H2L", *numbers, *sizes, 0, 0, 0, 0, min(offset, _MOST)) + name + extra


def end_of_archive(count: int, offset: int, size: int) -> bytes:
    """What ends it: how many files there are, where the central directory begins and how long it is (4.3.14 to 4.3.16)."""
    numbers = (0x06064B50, 44, _VERSION, _VERSION, 0, 0, count, count, size, offset)
    end64 = struct.pack("<LQ2H2L4Q", *numbers)
    locator = struct.pack("<LLQL", 0x07064B50, 0, offset + size, 1)
    few, where, long = min(count, 0xFFFF), min(offset, _MOST), min(size, _MOST)
    return end64 + locator + struct.pack("<L4H2LH", 0x06054B50, 0, 0, few, few, long, where, 0)
