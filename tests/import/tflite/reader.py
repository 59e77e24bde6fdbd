"""Reads a .tflite file with the standard library and NumPy: what reference.py needs, by the public field numbers.

Written without the importer's schema, so that the two check each other.
"""
import struct

import numpy as np

TYPES = {0: np.float32, 1: np.float16, 2: np.int32, 3: np.uint8, 4: np.int64, 6: np.bool_, 7: np.int16, 9: np.int8}


class Table:
    def __init__(self, data, at):
        self.data = data
        self.at = at
        self.fields = at - struct.unpack_from("<i", data, at)[0]
        self.size = struct.unpack_from("<H", data, self.fields)[0]

    def place(self, field):
        """Where a field lies, or None."""
        entry = 4 + 2 * field
        if entry >= self.size:
            return None
        offset = struct.unpack_from("<H", self.data, self.fields + entry)[0]
        return self.at + offset if offset else None

    def number(self, field, kind="i", default=0):
        at = self.place(field)
        return default if at is None else struct.unpack_from("<" + kind, self.data, at)[0]

    def target(self, field):
        at = self.place(field)
        return None if at is None else at + struct.unpack_from("<I", self.data, at)[0]

    def table(self, field):
        at = self.target(field)
        return None if at is None else Table(self.data, at)

    def vector(self, field, dtype):
        at = self.target(field)
        if at is None:
            return np.empty(0, dtype)
        return np.frombuffer(self.data, dtype, struct.unpack_from("<I", self.data, at)[0], at + 4)

    def text(self, field):
        return self.vector(field, np.uint8).tobytes().decode()

    def tables(self, field):
        at = self.target(field)
        count = 0 if at is None else struct.unpack_from("<I", self.data, at)[0]
        places = [at + 4 + 4 * i for i in range(count)]
        return [Table(self.data, place + struct.unpack_from("<I", self.data, place)[0]) for place in places]


class Tensor:
    def __init__(self, table, buffers):
        self.shape = tuple(int(d) for d in table.vector(0, np.int32))
        self.dtype = TYPES[table.number(1, "b")]
        self.name = table.text(3)
        quantization = table.table(4)
        self.scale = quantization.vector(2, np.float32) if quantization else np.empty(0, np.float32)
        self.zero_point = quantization.vector(3, np.int64) if quantization else np.empty(0, np.int64)
        self.axis = quantization.number(6) if quantization else 0
        if self.scale.size and not self.zero_point.size:
            self.zero_point = np.zeros(self.scale.size, np.int64)
        data = buffers[table.number(2, "I")].vector(0, np.uint8)
        self.data = np.frombuffer(data.tobytes(), self.dtype).reshape(self.shape) if data.size else None

    @property
    def quantized(self):
        return self.scale.size > 0 and self.dtype in (np.int8, np.uint8, np.int32)


class Operator:
    def __init__(self, table, codes):
        self.kind = codes[table.number(0, "I")]
        self.inputs = [int(i) for i in table.vector(1, np.int32)]
        self.outputs = [int(i) for i in table.vector(2, np.int32)]
        self.options = table.table(4)

    def option(self, field, kind="i", default=0):
        return self.options.number(field, kind, default) if self.options else default


class Network:
    def __init__(self, path):
        with open(path, "rb") as file:
            data = file.read()
        model = Table(data, struct.unpack_from("<I", data, 0)[0])
        codes = [max(code.number(0, "b"), code.number(3)) for code in model.tables(1)]
        network = model.tables(2)[0]
        buffers = model.tables(4)
        self.tensors = [Tensor(table, buffers) for table in network.tables(0)]
        self.inputs = [int(i) for i in network.vector(1, np.int32)]
        self.outputs = [int(i) for i in network.vector(2, np.int32)]
        self.operators = [Operator(table, codes) for table in network.tables(3)]
