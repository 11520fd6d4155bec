"""The command `sjs`: its arguments, and what each of its commands does."""

from __future__ import annotations

import argparse
import os
import sys
import uuid
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from sparkjobserver import __version__
from sparkjobserver.client import hocon, local_token
from sparkjobserver.client.archives import ArchiveError
from sparkjobserver.client.client import Client
from sparkjobserver.client.connection import json_of, segment
from sparkjobserver.client.errors import (
    ClientError,
    JobserverError,
    ValidationError,
    WaitTimeoutError,
)
from sparkjobserver.client.events import LogEvent
from sparkjobserver.client.reports import Binary, Context, Job
from sparkjobserver.client.running import Exit, Run, failure_text
from sparkjobserver.client.terminal import Terminal

DEFAULT_URL = "http://127.0.0.1:8090"
EXIT_CODES = """exit codes:
  0    done; of a job: FINISHED
  1    the job is ERROR
  2    the arguments make no sense, or a file cannot be read
  3    the job is KILLED
  4    the job refuses its input
  5    the server is out of reach, or refused the request
  124  the time is over; the job goes on
  130  interrupted
"""

_STATES = ("RUNNING", "FINISHED", "ERROR", "KILLED")
"""Of jobs, as they are told."""

Arguments = argparse.Namespace
Command = Callable[[Client, Terminal, Arguments], Exit]


class UsageError(Exception):
    """The arguments make no sense, or name a file that cannot be read."""


def run(arguments: Sequence[str] | None = None) -> int:
    """Runs the command.

    :param arguments: without the command's name; this process's where left out
    :return: an `Exit`
    """
    args = parser().parse_args(arguments)
    # Not the stream of sys: where PYTHONUNBUFFERED is set, that may write a part and say nothing.
    out = open(sys.stdout.fileno(), "wb", closefd=False)  # noqa: SIM115 (closed below)
    terminal = Terminal(out, sys.stderr, quiet=args.quiet)
    try:
        with out, _client(args) as client:
            return int(args.do(client, terminal, args))
    except ValidationError as refused:
        for problem in refused.problems:
            terminal.error(problem)
        return Exit.INVALID
    except WaitTimeoutError as over:
        terminal.error(f"sjs: {over}")
        return Exit.TIME_OVER
    except JobserverError as refused:
        if refused.stack:
            terminal.error(refused.stack)
        terminal.error(f"sjs: {refused}")
        return Exit.REFUSED
    except ClientError as error:
        terminal.error(f"sjs: {error}")
        return Exit.REFUSED
    except BrokenPipeError:
        return Exit.ERROR  # who read the output has left
    except (UsageError, ArchiveError, OSError) as error:
        terminal.error(f"sjs: {error}")
        return Exit.USAGE
    except KeyboardInterrupt:
        return Exit.INTERRUPTED


def _client(args: Arguments) -> Client:
    try:
        token = _token(args.token_file)
        certificate = _file(args.certificate, "JOBSERVER_CERTIFICATE")
        if token is None and certificate is None:
            token = local_token.find(args.url)
        ca_file = _file(args.ca_file, "JOBSERVER_CA_FILE")
        return Client(args.url, token=token, ca_file=ca_file, certificate=certificate)
    except ValueError as error:
        raise UsageError(str(error)) from error


def _file(file: Path | None, variable: str) -> Path | None:
    """A file that is named by an option, or else by the environment."""
    named = os.environ.get(variable)
    return Path(named) if file is None and named else file


def _token(file: Path | None) -> str | None:
    """The token in a file, or else that of the environment. As an argument all would see it."""
    token = os.environ.get("JOBSERVER_TOKEN") if file is None else file.read_text("utf-8")
    if token is None or (file is None and not token):
        return None
    token = token.strip()
    if not token.isascii() or not token.isprintable() or not token or " " in token:
        where = "JOBSERVER_TOKEN" if file is None else str(file)
        raise UsageError(f"{where} holds no token, which is one word")
    return token


# The server


def status(client: Client, terminal: Terminal, args: Arguments) -> Exit:
    """Whether the server is well, and what it does."""
    client.check_health()
    contexts = client.contexts()
    running = client.jobs(status="RUNNING", limit=10_000)
    factories = [factory.name for factory in client.context_factories()]
    if args.json:
        terminal.json(
            {
                "url": client.url,
                "contexts": contexts,
                "runningJobs": len(running),
                "contextFactories": factories,
            }
        )
    else:
        terminal.pairs(
            [
                ("server", f"{client.url} is well"),
                ("contexts", ", ".join(contexts) or "none"),
                ("running jobs", str(len(running))),
                ("context factories", ", ".join(factories) or "none"),
            ]
        )
    return Exit.FINISHED


# Binaries


def list_binaries(client: Client, terminal: Terminal, args: Arguments) -> Exit:
    """The latest upload of each name."""
    if args.json:
        return _as_told(client, terminal, "/binaries")
    rows = [(one.name, one.kind, _local(one.uploaded)) for one in client.binaries()]
    terminal.table(("NAME", "KIND", "UPLOADED"), rows)
    return Exit.FINISHED


def show_binary(client: Client, terminal: Terminal, args: Arguments) -> Exit:
    """The latest upload of a name."""
    path = f"/binaries/{segment(args.name)}"
    if args.json:
        return _as_told(client, terminal, path)
    one = Binary.of(json_of(client.get(path)))
    terminal.pairs([("name", one.name), ("kind", one.kind), ("uploaded", _local(one.uploaded))])
    return Exit.FINISHED


def upload_binary(client: Client, terminal: Terminal, args: Arguments) -> Exit:
    """Uploads an egg or a wheel."""
    client.upload(args.name, args.file)
    return _done(terminal, args, f"{args.file} is uploaded as {args.name}")


def delete_binary(client: Client, terminal: Terminal, args: Arguments) -> Exit:
    """Removes all uploads of a name."""
    client.delete_binary(args.name)
    return _done(terminal, args, f"{args.name} is deleted")


# Contexts


def list_contexts(client: Client, terminal: Terminal, args: Arguments) -> Exit:
    """The contexts that run or are stopping."""
    if args.json:
        return _as_told(client, terminal, "/contexts")
    rows = []
    for name in client.contexts():
        one = client.context(name)
        rows.append((one.name, one.state, _local(one.started), one.application_id or ""))
    terminal.table(("NAME", "STATE", "STARTED", "APPLICATION"), rows)
    return Exit.FINISHED


def show_context(client: Client, terminal: Terminal, args: Arguments) -> Exit:
    """The latest context of a name, also one that has ended."""
    path = f"/contexts/{segment(args.name)}"
    if args.json:
        return _as_told(client, terminal, path)
    one = Context.of(json_of(client.get(path)))
    terminal.pairs(
        [
            ("name", one.name),
            ("id", one.id),
            ("state", one.state),
            ("started", _local(one.started)),
            ("ended", _local(one.ended)),
            ("application", one.application_id),
            ("Spark's pages", one.url),
            ("failure", one.failure),
        ]
    )
    return Exit.FINISHED


def create_context(client: Client, terminal: Terminal, args: Arguments) -> Exit:
    """Makes a context, and returns when it runs."""
    client.create_context(
        args.name, dict(args.set), factory=args.factory, config=_config(args.config)
    )
    return _done(terminal, args, f"context {args.name} runs")


def delete_context(client: Client, terminal: Terminal, args: Arguments) -> Exit:
    """Stops a context with its jobs."""
    stopped = client.delete_context(args.name)
    return _done(terminal, args, f"context {args.name} is {'stopped' if stopped else 'stopping'}")


# Jobs


def list_jobs(client: Client, terminal: Terminal, args: Arguments) -> Exit:
    """The latest jobs, the latest first."""
    jobs = client.jobs(
        status=args.status, context=args.context, class_path=args.class_path, limit=args.limit
    )
    if args.json:
        terminal.json([job.json for job in jobs])
        return Exit.FINISHED
    rows = [
        (job.id, job.status, _local(job.started), _duration(job), job.context, job.class_path)
        for job in jobs
    ]
    terminal.table(("ID", "STATUS", "STARTED", "TOOK", "CONTEXT", "CLASS"), rows)
    return Exit.FINISHED


def show_job(client: Client, terminal: Terminal, args: Arguments) -> Exit:
    """A job, with its result or its failure."""
    path = f"/jobs/{segment(args.id)}"
    if args.json:
        return _as_told(client, terminal, path)
    job = Job.of(json_of(client.get(path)))
    progress = job.progress
    terminal.pairs(
        [
            ("id", job.id),
            ("status", job.status),
            ("class", job.class_path),
            ("context", job.context),
            ("started", _local(job.started)),
            ("took", _duration(job)),
            ("tasks", f"{progress.completed_tasks}/{progress.tasks}" if progress else None),
        ]
    )
    if job.failure is not None:
        terminal.data(failure_text(job.failure))
    elif job.status == "FINISHED":
        terminal.json(job.result)
    return Exit.FINISHED


def log_job(client: Client, terminal: Terminal, args: Arguments) -> Exit:
    """What a job has written; with --follow, until it ends."""
    part = client.log(args.id, tail=args.tail)
    terminal.raw(part.data)
    if args.follow:
        for event in client.follow(args.id, log_offset=part.next_offset):
            if isinstance(event, LogEvent):
                terminal.raw(event.text.encode())
    return Exit.FINISHED


def cancel_job(client: Client, terminal: Terminal, args: Arguments) -> Exit:
    """Ends a job, and returns when its process is dead."""
    return _done(terminal, args, f"job {args.id} is {client.cancel(args.id)}")


def config_job(client: Client, terminal: Terminal, args: Arguments) -> Exit:
    """The configuration that was posted for a job."""
    return _as_told(client, terminal, f"/jobs/{segment(args.id)}/config")


def result_job(client: Client, terminal: Terminal, args: Arguments) -> Exit:
    """The result of a job that is FINISHED, as JSON."""
    client.write_result(args.id, terminal.out)
    terminal.raw(b"\n")
    return Exit.FINISHED


def wait_job(client: Client, terminal: Terminal, args: Arguments) -> Exit:
    """Waits for the end of a job, which goes on when the waiting is interrupted."""
    return Run(
        client, terminal, log=args.log, whole_report=args.json, detach=True, timeout=args.timeout
    ).followed(client.job(args.id).id)


def submit(client: Client, terminal: Terminal, args: Arguments) -> Exit:
    """Runs a class of a binary as a job, and shows what it does until it has ended."""
    config = hocon.with_settings(_config(args.config), dict(args.set))
    key = args.idempotency_key or str(uuid.uuid4())
    binary = _binary(client, args)

    def submitted(timeout: float | None) -> Job:
        return client.submit(
            args.class_path,
            binary=binary,
            context=args.context,
            config=config,
            idempotency_key=key,
            timeout=timeout,
        )

    following = Run(
        client,
        terminal,
        log=True,
        whole_report=args.json,
        detach=args.detach_on_interrupt,
        timeout=args.timeout,
    )
    job = following.started(submitted)
    if args.no_wait:
        if args.json:
            terminal.json(job.json)
        else:
            terminal.data(job.id)
        return Exit.FINISHED
    return following.followed(job.id, f"job {job.id} runs in context {job.context}")


def _binary(client: Client, args: Arguments) -> str:
    """The name under which the server has what is to run."""
    if args.file is None:
        return str(args.binary)
    if args.binary is None:
        return client.upload_once(args.file)
    client.upload(args.binary, args.file)
    return str(args.binary)


# What the commands share


def _as_told(client: Client, terminal: Terminal, path: str) -> Exit:
    """Writes what the server says, as it says it."""
    terminal.raw(client.get(path).content)
    terminal.raw(b"\n")
    return Exit.FINISHED


def _done(terminal: Terminal, args: Arguments, what: str) -> Exit:
    if args.json:
        terminal.json({"status": "SUCCESS"})
    else:
        terminal.data(what)
    return Exit.FINISHED


def _config(file: str | None) -> str:
    """The text of a configuration file; `-` is the standard input."""
    if file is None:
        return ""
    data = sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        raise UsageError(f"{file} is not UTF-8: {error}") from error


def _local(time: datetime | None) -> str:
    return "" if time is None else time.astimezone().strftime("%Y-%m-%d %H:%M:%S")


def _duration(job: Job) -> str:
    return "" if job.seconds is None else f"{job.seconds:g} s"


# The arguments


def parser() -> argparse.ArgumentParser:
    """What `sjs` understands."""
    top = argparse.ArgumentParser(
        prog="sjs",
        description="Runs Python jobs on a Jobserver.",
        epilog=EXIT_CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    top.add_argument("--version", action="version", version=f"sjs {__version__}")
    _add_common(
        top,
        url=os.environ.get("SJS_URL") or DEFAULT_URL,
        token_file=None,
        ca_file=None,
        certificate=None,
        json=False,
        quiet=False,
    )
    commands = top.add_subparsers(metavar="COMMAND", required=True)

    _add(commands, "status", status)
    _add_submit(_add(commands, "submit", submit))
    _add_binaries(_group(commands, "binaries", "uploads"))
    _add_contexts(_group(commands, "contexts", "what jobs run in"))
    _add_jobs(_group(commands, "jobs", "single runs"))
    return top


def _add_submit(command: argparse.ArgumentParser) -> None:
    command.add_argument("class_path", metavar="CLASS", help="package.module.Class")
    what = command.add_argument_group("what to run, one of them or both")
    what.add_argument("--binary", metavar="NAME", help="the upload that has the class")
    what.add_argument(
        "--file",
        type=Path,
        metavar="FILE",
        help="an egg or a wheel to upload as NAME; without --binary, under a name made of its "
        "package and its bytes, and only where the server does not have it",
    )
    command.add_argument("--context", metavar="NAME", help="default: one of its own")
    _add_config(command, "the job's configuration")
    command.add_argument(
        "--no-wait", action="store_true", help="only start the job and write its id"
    )
    _add_timeout(command)
    command.add_argument(
        "--idempotency-key",
        metavar="KEY",
        help="submissions with the same key make one job; random unless given",
    )
    command.add_argument(
        "--detach-on-interrupt",
        action="store_true",
        help="let Ctrl-C leave the job running; without it, Ctrl-C cancels the job",
    )

    def checked(client: Client, terminal: Terminal, args: Arguments) -> Exit:
        if args.file is None and args.binary is None:
            command.error("one of --binary and --file is needed")
        return submit(client, terminal, args)

    command.set_defaults(do=checked)


def _add_binaries(commands: Any) -> None:
    _add(commands, "list", list_binaries)
    _add(commands, "show", show_binary).add_argument("name", metavar="NAME")
    upload = _add(commands, "upload", upload_binary)
    upload.add_argument("name", metavar="NAME")
    upload.add_argument("file", type=Path, metavar="FILE", help="an egg or a wheel")
    _add(commands, "delete", delete_binary).add_argument("name", metavar="NAME")


def _add_contexts(commands: Any) -> None:
    _add(commands, "list", list_contexts)
    _add(commands, "show", show_context).add_argument("name", metavar="NAME")
    create = _add(commands, "create", create_context)
    create.add_argument("name", metavar="NAME")
    create.add_argument("--factory", metavar="CLASS", help="what is to make the context")
    _add_config(create, "a configuration with a block spark.context-settings")
    _add(commands, "delete", delete_context).add_argument("name", metavar="NAME")


def _add_jobs(commands: Any) -> None:
    listing = _add(commands, "list", list_jobs)
    listing.add_argument("--status", type=str.upper, choices=_STATES, help="of any case")
    listing.add_argument("--context", metavar="NAME")
    listing.add_argument("--class-path", metavar="CLASS")
    listing.add_argument("--limit", type=_count, default=50, metavar="N", help="default: 50")
    _add(commands, "show", show_job).add_argument("id", metavar="ID")
    log = _add(commands, "log", log_job)
    log.add_argument("id", metavar="ID")
    log.add_argument("--follow", "-f", action="store_true", help="go on until the job ends")
    log.add_argument("--tail", type=_count, metavar="N", help="begin with the last N lines")
    _add(commands, "cancel", cancel_job).add_argument("id", metavar="ID")
    _add(commands, "config", config_job).add_argument("id", metavar="ID")
    _add(commands, "result", result_job).add_argument("id", metavar="ID")
    wait = _add(commands, "wait", wait_job)
    wait.add_argument("id", metavar="ID")
    wait.add_argument("--log", action="store_true", help="show what the job writes, too")
    _add_timeout(wait)


def _group(commands: Any, name: str, help_text: str) -> Any:
    group = commands.add_parser(name, help=help_text, description=help_text)
    return group.add_subparsers(metavar="COMMAND", required=True)


def _add(commands: Any, name: str, do: Command) -> argparse.ArgumentParser:
    """Adds a command, which is described by the text of its function."""
    text = (do.__doc__ or "").strip()
    command: argparse.ArgumentParser = commands.add_parser(name, help=text, description=text)
    command.set_defaults(do=do)
    _add_common(
        command,
        url=argparse.SUPPRESS,
        token_file=argparse.SUPPRESS,
        ca_file=argparse.SUPPRESS,
        certificate=argparse.SUPPRESS,
        json=argparse.SUPPRESS,
        quiet=argparse.SUPPRESS,
    )
    return command


def _add_common(
    command: argparse.ArgumentParser,
    *,
    url: str,
    token_file: Any,
    ca_file: Any,
    certificate: Any,
    json: Any,
    quiet: Any,
) -> None:
    """The options that may stand before a command or behind it."""
    command.add_argument(
        "--url", default=url, help=f"the server; default: $SJS_URL, or {DEFAULT_URL}"
    )
    command.add_argument(
        "--token-file",
        type=Path,
        metavar="FILE",
        default=token_file,
        help="the file that holds a token of the server; default: the token in $JOBSERVER_TOKEN, "
        "or that of a server which this user runs on this machine",
    )
    command.add_argument(
        "--ca-file",
        type=Path,
        metavar="FILE",
        default=ca_file,
        help="PEM with the authorities of the server's certificate; default: $JOBSERVER_CA_FILE,"
        " or the system's",
    )
    command.add_argument(
        "--certificate",
        type=Path,
        metavar="FILE",
        default=certificate,
        help="PEM with a certificate of yours and its key; default: $JOBSERVER_CERTIFICATE",
    )
    command.add_argument(
        "--json", action="store_true", default=json, help="write what the server says, as JSON"
    )
    command.add_argument(
        "--quiet", "-q", action="store_true", default=quiet, help="no messages but errors, no log"
    )


def _add_config(command: argparse.ArgumentParser, what: str) -> None:
    command.add_argument("--config", metavar="FILE", help=f"{what}, in HOCON; - is standard input")
    command.add_argument(
        "--set",
        type=_setting,
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="a setting, which wins over the file's; the value is JSON, or else a text",
    )


def _add_timeout(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--timeout", type=_seconds, metavar="S", help="wait for so many seconds and no longer"
    )


def _setting(text: str) -> tuple[str, Any]:
    key, equals, value = text.partition("=")
    if not equals or not all(key.split(".")):
        raise argparse.ArgumentTypeError(f"{text!r} is not KEY=VALUE")
    return key, hocon.value_of(value)


def _count(text: str) -> int:
    count = int(text)
    if count < 0:
        raise ValueError(text)
    return count


def _seconds(text: str) -> float:
    seconds = float(text)
    if not seconds >= 0:
        raise ValueError(text)
    return seconds
