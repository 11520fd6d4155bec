import socket
import struct
import threading

import pytest

from sparkjobserver._worker import frames


@pytest.fixture
def ends():
    one, other = socket.socketpair()
    with one, other:
        one.settimeout(10)
        other.settimeout(10)
        yield one, other


@pytest.mark.parametrize("size", [0, 1, 65536, 65537, 3_000_000])
def test_frames_of_any_size_arrive_whole_and_in_order(ends, size):
    one, other = ends
    content = b"x" * size

    def send():
        frames.send(one, content)
        frames.send(one, b"next")

    sender = threading.Thread(target=send)
    sender.start()
    assert frames.receive(other) == content
    assert frames.receive(other) == b"next"
    sender.join()


def test_a_frame_is_its_length_big_endian_and_its_bytes(ends):
    one, other = ends
    frames.send_message(one, {"a": "ü"})
    assert other.recv(100) == b"\x00\x00\x00\x0f" + b'{"a": "\\u00fc"}'


def test_messages_may_be_any_utf_8(ends):
    one, other = ends
    frames.send(one, '{"a":"ü"}'.encode())
    assert frames.receive_message(other) == {"a": "ü"}


def test_the_end_of_the_connection_is_told(ends):
    one, other = ends
    one.sendall(struct.pack(">i", 10) + b"abc")
    one.close()
    with pytest.raises(EOFError):
        frames.receive(other)


def test_a_length_that_is_none_is_refused(ends):
    one, other = ends
    one.sendall(struct.pack(">i", -1))
    with pytest.raises(ValueError, match="-1 bytes"):
        frames.receive(other)


def test_a_message_is_an_object(ends):
    one, other = ends
    frames.send(one, b"[]")
    with pytest.raises(ValueError, match="not list"):
        frames.receive_message(other)
