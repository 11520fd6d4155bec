import multiprocessing
import os
import subprocess
import sys
import zipfile

import pytest

from archives import archive
from sparkjobserver._worker import binaries
from sparkjobserver._worker.binaries import Archive, BinaryError, unpacked, unpacked_together


def unpack(tmp_path, files, kind="Egg"):
    digest = archive(tmp_path / "binary", files)
    return unpacked(tmp_path / "binary", kind, digest, tmp_path / "unpacked")


def test_a_binary_is_unpacked_into_a_folder_named_by_its_digest(tmp_path):
    digest = archive(tmp_path / "binary", {"a/__init__.py": "x = 1", "a/data.txt": "text"})
    folder = unpacked(tmp_path / "binary", "Egg", digest, tmp_path / "deep" / "unpacked")
    assert folder == tmp_path / "deep" / "unpacked" / digest
    assert (folder / "a" / "data.txt").read_text() == "text"


def test_modules_are_compiled_even_where_python_should_write_no_bytecode(tmp_path):
    folder = unpack(tmp_path, {"a/__init__.py": "x = 1"})
    code = f"import sys; sys.path.insert(0, {str(folder)!r}); import a; print(a.__cached__)"
    cached = subprocess.run(
        [sys.executable, "-B", "-v", "-c", code], capture_output=True, text=True, check=True
    )
    assert "code object from" in cached.stderr
    assert "# " + cached.stdout.strip() + " matches" in cached.stderr.replace("'", "")


def test_what_does_not_compile_is_left_for_whoever_imports_it(tmp_path, capfd):
    folder = unpack(tmp_path, {"a.py": "print 'Python 2'", "b.py": "x = '\\d'", "c.py": "y = 1"})
    assert len(list((folder / "__pycache__").iterdir())) == 2
    assert capfd.readouterr() == ("", "")


def test_bytecode_of_whoever_built_the_binary_is_left_out(tmp_path):
    folder = unpack(tmp_path, {"a.py": "x = 1", "__pycache__/b.cpython-27.pyc": b"old"})
    assert [file.name for file in (folder / "__pycache__").iterdir() if "b" in file.stem[:1]] == []


def test_an_unpacked_binary_is_not_unpacked_again(tmp_path, monkeypatch):
    folder = unpack(tmp_path, {"a.py": "x = 1"})
    monkeypatch.setattr(binaries, "_extract", None)
    assert unpacked(tmp_path / "gone", "Egg", folder.name, folder.parent) == folder


def test_nothing_half_done_is_left_behind(tmp_path):
    with pytest.raises(BinaryError):
        unpack(tmp_path, {"a.py": "x = 1", "../evil.py": ""})
    assert list((tmp_path / "unpacked").iterdir()) == []


@pytest.mark.parametrize(
    "name", ["../evil.py", "a/../../evil.py", "/evil.py", "a\\..\\..\\evil.py"]
)
def test_entries_that_would_lie_outside_are_refused(tmp_path, name):
    with pytest.raises(BinaryError, match="would lie outside its folder"):
        unpack(tmp_path, {name: "x = 1"})
    assert not (tmp_path / "evil.py").exists()


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 and no more", b"text"])
def test_what_is_no_archive_is_told_so(tmp_path, content):
    (tmp_path / "binary").write_bytes(content)
    with pytest.raises(BinaryError, match="The binary cannot be unpacked: "):
        unpacked(tmp_path / "binary", "Egg", "digest", tmp_path / "unpacked")


def test_the_libraries_of_a_wheel_go_to_the_top_and_its_scripts_nowhere(tmp_path):
    folder = unpack(
        tmp_path,
        {
            "a/__init__.py": "",
            "a-1.0.data/purelib/b.py": "",
            "a-1.0.data/platlib/c/d.so": b"ELF",
            "a-1.0.data/scripts/run": "",
            "a-1.0.dist-info/METADATA": "",
        },
        "Wheel",
    )
    files = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
    assert {file for file in files if "__pycache__" not in file} == {
        "a/__init__.py",
        "b.py",
        "c/d.so",
        "a-1.0.dist-info/METADATA",
    }


def test_programs_stay_programs(tmp_path):
    program = zipfile.ZipInfo("run")
    program.external_attr = 0o755 << 16
    with zipfile.ZipFile(tmp_path / "binary", "w") as content:
        content.writestr(program, "#!/bin/sh")
        content.writestr("text", "")
    folder = unpacked(tmp_path / "binary", "Egg", "digest", tmp_path / "unpacked")
    assert os.access(folder / "run", os.X_OK)
    assert (folder / "text").stat().st_mode & 0o111 == 0


def _unpack_at_once(barrier, path, digest, folder, results):
    barrier.wait(30)
    results.put(str(unpacked(path, "Egg", digest, folder)))


def test_workers_may_unpack_one_binary_at_once(tmp_path):
    files = {f"a/m{number}.py": "x = 1\n" * 50 for number in range(30)}
    digest = archive(tmp_path / "binary", files)
    context = multiprocessing.get_context("fork")
    barrier, results = context.Barrier(4), context.SimpleQueue()
    arguments = (barrier, tmp_path / "binary", digest, tmp_path / "unpacked", results)
    workers = [context.Process(target=_unpack_at_once, args=arguments) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(30)
    assert [worker.exitcode for worker in workers] == [0] * 4
    assert {results.get() for _ in workers} == {str(tmp_path / "unpacked" / digest)}
    assert [path.name for path in (tmp_path / "unpacked").iterdir()] == [digest]
    assert len(list((tmp_path / "unpacked" / digest / "a").glob("*.py"))) == 30


def test_a_binary_that_another_worker_unpacked_meanwhile_is_taken(tmp_path, monkeypatch):
    target = tmp_path / "unpacked" / "digest"
    archive(tmp_path / "binary", {"a.py": "x = 1"})

    def compile_slowly(folder):
        target.mkdir()
        (target / "theirs").touch()

    monkeypatch.setattr(binaries, "_compile", compile_slowly)
    assert unpacked(tmp_path / "binary", "Egg", "digest", tmp_path / "unpacked") == target
    assert [path.name for path in target.iterdir()] == ["theirs"]
    assert list(target.parent.iterdir()) == [target]


def _together(tmp_path, *binaries):
    archives = []
    for number, (kind, files) in enumerate(binaries):
        path = tmp_path / f"binary-{number}"
        archive(path, files)
        archives.append(Archive(path, kind))
    return unpacked_together(archives, "together", tmp_path / "unpacked")


def test_several_binaries_are_laid_out_as_if_they_were_installed(tmp_path):
    folder = _together(
        tmp_path,
        ("Egg", {"a/__init__.py": "of = 'egg'", "space/one.py": "", "EGG-INFO/PKG-INFO": ""}),
        ("Wheel", {"a/__init__.py": "of = 'wheel'", "b-1.data/platlib/space/two.py": ""}),
    )
    assert folder == tmp_path / "unpacked" / "together"
    assert (folder / "a" / "__init__.py").read_text() == "of = 'egg'", "what comes first counts"
    assert sorted(path.name for path in (folder / "space").iterdir()) == ["one.py", "two.py"]


def test_a_library_is_not_compiled_before_it_is_imported(tmp_path):
    folder = _together(tmp_path, ("Wheel", {"a/__init__.py": "x = 1"}))
    assert not (folder / "a" / "__pycache__").exists()
    code = f"import sys; sys.path.insert(0, {str(folder)!r}); import a"
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": ""}
    subprocess.run([sys.executable, "-c", code], env=environment, check=True)
    assert (folder / "a" / "__pycache__").is_dir()


def test_what_was_laid_out_once_is_not_again(tmp_path, monkeypatch):
    folder = _together(tmp_path, ("Wheel", {"a.py": "x = 1"}))
    monkeypatch.setattr(binaries, "_extract", None)
    assert unpacked_together([], folder.name, folder.parent) == folder


def test_of_several_binaries_none_may_write_outside(tmp_path):
    with pytest.raises(BinaryError, match="would lie outside its folder"):
        _together(tmp_path, ("Egg", {"a.py": ""}), ("Egg", {"../evil.py": ""}))
    assert list((tmp_path / "unpacked").iterdir()) == []
