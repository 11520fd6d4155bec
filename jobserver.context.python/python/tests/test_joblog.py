import ctypes
import re

import pytest

from sparkjobserver._worker import joblog
from sparkjobserver._worker.joblog import JobLog

LIMIT = 128 * 1024
MIB = 1024 * 1024
LEFT_OUT = re.compile(rb"^\[(\d+) bytes are left out here: job-log.max-size\]\n", re.MULTILINE)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "job.log"


def lines(begin, end):
    return b"".join(b"line %07d\n" % number for number in range(begin, end))


def parts(path):
    """What is left before the words and after them, and how much they say is not."""
    head, left_out, tail = LEFT_OUT.split(path.read_bytes())
    return head, int(left_out), tail


def test_a_log_that_is_not_too_long_is_left_alone(path):
    path.write_bytes(b"x" * LIMIT)
    log = JobLog(path, LIMIT)
    log.shorten()
    log.finish()
    assert path.read_bytes() == b"x" * LIMIT


def test_nothing_happens_without_a_log(path, capfd):
    log = JobLog(path, LIMIT)
    log.shorten()
    log.finish()
    assert not path.exists()
    assert capfd.readouterr() == ("", "")


def test_begin_and_end_are_left_with_whole_lines_and_all_else_is_accounted_for(path):
    printed = lines(0, 100_000)
    path.write_bytes(printed)
    JobLog(path, LIMIT).finish()
    head, left_out, tail = parts(path)
    assert path.stat().st_size <= LIMIT
    assert len(head) + left_out + len(tail) == len(printed)
    assert len(head) > LIMIT // 2 - 200
    assert len(tail) > LIMIT // 2 - 20
    assert head == printed[: len(head)]
    assert head.endswith(b"\n")
    assert tail == printed[-len(tail) :]
    assert tail.startswith(b"line ")


def test_one_endless_line_is_cut_anywhere(path):
    path.write_bytes(b"x" * MIB)
    JobLog(path, LIMIT).finish()
    head, left_out, tail = parts(path)
    assert head == b"x" * (len(head) - 1) + b"\n"
    assert len(head) - 1 + left_out + len(tail) == MIB
    assert path.stat().st_size <= LIMIT


def test_of_a_large_log_only_the_last_mebibyte_is_moved(path):
    printed = lines(0, 500_000)
    path.write_bytes(printed)
    JobLog(path, 4 * MIB).finish()
    head, left_out, tail = parts(path)
    assert len(head) + left_out + len(tail) == len(printed)
    assert MIB - 20 < len(tail) <= MIB
    assert path.stat().st_size <= 4 * MIB


def test_while_a_job_prints_the_middle_takes_no_space_and_nothing_moves(path):
    log = JobLog(path, LIMIT)
    printed = b""
    with path.open("ab", buffering=0) as job:
        for turn in range(10):
            more = lines(turn * 100_000, (turn + 1) * 100_000)
            job.write(more)
            printed += more
            log.shorten()
            assert path.stat().st_size == len(printed)
            assert path.stat().st_blocks * 512 <= LIMIT + 64 * 1024
        job.write(b"the last words\n")
        printed += b"the last words\n"
    seen = path.read_bytes()
    assert seen[: LIMIT // 2 - 200] == printed[: LIMIT // 2 - 200]
    assert seen[-LIMIT // 2 :] == printed[-LIMIT // 2 :]
    log.finish()
    head, left_out, tail = parts(path)
    assert len(head) + left_out + len(tail) == len(printed)
    assert tail == printed[-len(tail) :]


def test_where_space_cannot_be_given_back_a_log_is_shortened_at_the_end(path, capfd, monkeypatch):
    def fallocate(*_):
        ctypes.set_errno(95)
        return -1

    class Libc:
        pass

    libc = Libc()
    libc.fallocate = fallocate
    monkeypatch.setattr(joblog, "_libc", libc)
    path.write_bytes(lines(0, 100_000))
    log = JobLog(path, LIMIT)
    log.shorten()
    log.shorten()
    assert capfd.readouterr().err.count("shortened only at its job's end") == 1
    log.finish()
    assert path.stat().st_size <= LIMIT


def test_a_log_that_cannot_be_shortened_is_told_of_and_harms_nobody(tmp_path, capfd):
    folder = tmp_path / "folder"
    folder.mkdir()
    log = JobLog(folder, -1)
    log.shorten()
    log.finish()
    assert "is not shortened" in capfd.readouterr().err
