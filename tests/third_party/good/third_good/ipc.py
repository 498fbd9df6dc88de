"""The format ``ipc``."""

import pyarrow as pa
from pyarrow import ipc

from synthkit import DataError, Format


class Ipc(Format):
    """Arrow's file format: typed, one file per table. Put your own in its place."""

    name = "ipc"
    suffixes = (".ipc",)
    typed = True
    plugin_api = 1

    def read(self, path):
        try:
            with pa.OSFile(str(path)) as file, ipc.open_file(file) as reader:
                return reader.read_all()
        except (OSError, pa.ArrowException):  # whose own words may show cells
            problem = "the file is not readable as ipc, or only a part of it"
            raise DataError(problem, "write it again") from None

    def write(self, table, path):
        with pa.OSFile(str(path), "wb") as file, ipc.new_file(file, table.schema) as writer:
            writer.write_table(table)
