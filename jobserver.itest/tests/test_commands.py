"""``bin/jobserver``: start, stop, status, and clear words where it cannot start."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
from pathlib import Path

from server import Server, alive, free_port, running, until


def test_status_tells_whether_it_runs(fresh: Server) -> None:
    assert fresh.command("status", "--data", str(fresh.data)).returncode != 0

    fresh.start()
    done = fresh.command("status", "--data", str(fresh.data))
    assert done.returncode == 0
    assert str(fresh.port) in done.stdout
    assert str(fresh.pid) in done.stdout

    fresh.stop()
    assert fresh.command("status", "--data", str(fresh.data)).returncode != 0


def test_two_servers_run_on_one_machine(tmp_path: Path) -> None:
    with running(tmp_path / "a") as one, running(tmp_path / "b") as other:
        assert one.get("/healthz").json == {"status": "SUCCESS"}
        assert other.get("/healthz").json == {"status": "SUCCESS"}


def test_a_port_that_is_taken_is_named(fresh: Server) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        done = fresh.command("start", "--port", port, "--data", str(fresh.data))

    assert done.returncode == 4
    assert port in done.stderr


def test_a_data_folder_that_is_in_use_is_named(fresh: Server) -> None:
    fresh.start()
    pid = str(fresh.pid)

    # Not through bin/jobserver start, which would see that it runs: what two machines would do.
    done = fresh.command(
        "start", "--foreground", "--port", str(free_port()), "--data", str(fresh.data)
    )

    assert done.returncode == 5
    assert pid in done.stderr or str(fresh.data) in done.stderr
    assert fresh.get("/healthz").status == 200


def test_without_spark_it_says_so(fresh: Server) -> None:
    fresh.env.pop("SPARK_HOME")
    done = fresh.command("start", "--port", str(fresh.port), "--data", str(fresh.data))

    assert done.returncode == 3
    assert "SPARK_HOME" in done.stderr


def test_a_spark_home_without_spark_is_named(fresh: Server, tmp_path: Path) -> None:
    fresh.env["SPARK_HOME"] = str(tmp_path)
    done = fresh.command("start", "--port", str(fresh.port), "--data", str(fresh.data))

    assert done.returncode == 3
    assert str(tmp_path) in done.stderr


def test_a_broken_configuration_is_told_with_file_and_line(fresh: Server, tmp_path: Path) -> None:
    conf = tmp_path / "broken.conf"
    conf.write_text("spark.jobserver {\n  port = [8090\n}\n")
    done = fresh.command("start", "--conf", str(conf), "--data", str(fresh.data))

    assert done.returncode == 7
    assert "broken.conf" in done.stderr


def test_a_value_of_the_wrong_type_is_told_with_its_key(fresh: Server, tmp_path: Path) -> None:
    conf = tmp_path / "wrong.conf"
    conf.write_text("# a comment\nspark.jobserver.max-jobs-per-context = many\n")
    done = fresh.command(
        "start", "--conf", str(conf), "--port", str(fresh.port), "--data", str(fresh.data)
    )

    assert done.returncode == 7
    assert "wrong.conf" in done.stderr
    assert "2" in done.stderr
    assert "max-jobs-per-context" in done.stderr


def test_a_public_address_without_authentication_is_refused(fresh: Server, tmp_path: Path) -> None:
    conf = tmp_path / "public.conf"
    conf.write_text('spark.jobserver { bind-address = "0.0.0.0", auth.ways = ["none"] }\n')
    done = fresh.command(
        "start", "--conf", str(conf), "--port", str(fresh.port), "--data", str(fresh.data)
    )

    assert done.returncode == 7
    assert "spark.jobserver.auth.ways is none" in done.stderr
    assert "0.0.0.0" in done.stderr


def test_ctrl_c_in_the_foreground_is_a_stop(fresh: Server) -> None:
    process = subprocess.Popen(
        [
            str(fresh.home / "bin" / "jobserver"),
            "start",
            "--foreground",
            "--port",
            str(fresh.port),
            "--data",
            str(fresh.data),
        ],
        env=fresh.env,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        # Whoever runs the tests in the background ignores SIGINT, and a terminal does not.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    try:

        def answers() -> bool:
            try:
                return fresh.get("/healthz").status == 200
            except OSError:
                return False

        until(answers, 60, "it answers")
        fresh.context("c")
        driver = fresh.driver("c")
        os.killpg(process.pid, signal.SIGINT)
        process.wait(timeout=60)
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()

    assert process.returncode in (0, 130)
    until(lambda: not alive(driver), 10, "the driver is gone")
