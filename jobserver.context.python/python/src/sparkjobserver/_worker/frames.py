"""How driver, zygote and workers talk: over a UNIX socket, in frames.

A frame is its length, four bytes big endian, and so many bytes. Most frames are one JSON object.
"""

from __future__ import annotations

import json
import socket
import struct
from typing import Any

_LENGTH = struct.Struct(">i")
LONGEST = 2**31 - 1
"""The most bytes that a frame can hold."""
_COPIED = 64 * 1024
"""Frames up to this many bytes go out in one piece; copying longer ones would cost more."""


def connect(path: str) -> socket.socket:
    """Connects to the driver. The path should be short or relative: 107 bytes are the limit."""
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        connection.connect(path)
    except OSError:
        connection.close()
        raise
    return connection


def send(connection: socket.socket, content: bytes) -> None:
    """Sends one frame. Waits until all of it is handed over.

    :raises ValueError: when the content is longer than a frame can be
    """
    if len(content) > LONGEST:
        raise ValueError(f"a frame of {len(content)} bytes is longer than {LONGEST}")
    length = _LENGTH.pack(len(content))
    if len(content) <= _COPIED:
        connection.sendall(length + content)
    else:
        connection.sendall(length)
        connection.sendall(content)


def receive(connection: socket.socket) -> bytes:
    """Waits for one frame.

    :raises EOFError: when the other end has closed the connection
    :raises ValueError: when the length is none
    """
    (length,) = _LENGTH.unpack(_receive_exactly(connection, _LENGTH.size))
    if length < 0:
        raise ValueError(f"a frame cannot have {length} bytes")
    return bytes(_receive_exactly(connection, length))


def send_message(connection: socket.socket, message: dict[str, Any]) -> None:
    """Sends one JSON object."""
    send(connection, json.dumps(message).encode("ascii"))


def receive_message(connection: socket.socket) -> dict[str, Any]:
    """Waits for one JSON object.

    :raises EOFError: when the other end has closed the connection
    :raises ValueError: when the frame is something else
    """
    message = json.loads(receive(connection))
    if not isinstance(message, dict):
        raise ValueError(f"a message must be a JSON object, not {type(message).__name__}")
    return message


def _receive_exactly(connection: socket.socket, length: int) -> bytearray:
    content = bytearray(length)
    view = memoryview(content)
    while view:
        count = connection.recv_into(view)
        if count == 0:
            raise EOFError("the other end has closed the connection")
        view = view[count:]
    return content
