"""As much of CBOR (RFC 8949) as the RPC v2 protocol of CloudWatch needs: maps, lists, texts, numbers, booleans."""

import struct


def decode(data):
    return _item(memoryview(data), 0)[0]


def _head(data, at):
    first = data[at]
    kind, short = first >> 5, first & 31
    if short < 24:
        return kind, short, at + 1
    if short == 31:
        return kind, None, at + 1
    size = 1 << (short - 24)
    return kind, int.from_bytes(data[at + 1 : at + 1 + size], "big"), at + 1 + size


def _item(data, at):
    first = data[at]
    kind, value, after = _head(data, at)
    if kind == 7:
        simple = {20: False, 21: True, 22: None, 23: None}
        if first & 31 in simple:
            return simple[first & 31], at + 1
        raw = bytes(data[at + 1 : after])
        return struct.unpack({4: ">f", 8: ">d"}[len(raw)], raw)[0], after
    if kind in (0, 1):
        return (value if kind == 0 else -1 - value), after
    if kind == 6:
        return _item(data, after)
    if kind in (2, 3) and value is not None:
        raw = bytes(data[after : after + value])
        return (raw.decode() if kind == 3 else raw), after + value
    return _sequence(data, kind, value, after)


def _sequence(data, kind, length, at):
    items = []
    while length is None or len(items) < length * (2 if kind == 5 else 1):
        if length is None and data[at] == 0xFF:
            at += 1
            break
        one, at = _item(data, at)
        items.append(one)
    if kind == 5:
        return dict(zip(items[::2], items[1::2])), at
    return ("".join(items) if kind == 3 else items), at


def encode(value):
    if isinstance(value, bool):
        return b"\xf5" if value else b"\xf4"
    if isinstance(value, int):
        return _length(0, value) if value >= 0 else _length(1, -1 - value)
    if isinstance(value, str):
        raw = value.encode()
        return _length(3, len(raw)) + raw
    if isinstance(value, list):
        return _length(4, len(value)) + b"".join(encode(one) for one in value)
    return _length(5, len(value)) + b"".join(encode(key) + encode(one) for key, one in value.items())


def _length(kind, value):
    for bits, short in ((8, 24), (16, 25), (32, 26), (64, 27)):
        if value < 24:
            return bytes([kind << 5 | value])
        if value < 1 << bits:
            return bytes([kind << 5 | short]) + value.to_bytes(bits // 8, "big")
    raise ValueError(value)
