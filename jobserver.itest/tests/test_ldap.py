"""Who may use the server by a name and a password of a directory: UnboundID's, as a process."""

from __future__ import annotations

import base64
import contextlib
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from pki import Authority
from server import Raw, Server, processes, running, send

ITEST = Path(__file__).parents[1]
#: The build of the bundle puts it there, which has tested against it.
LIBRARY = ITEST.parent / "jobserver.auth" / "target" / "directory" / "unboundid-ldapsdk.jar"
PASSWORD = "correct: hörse"
STORE = "changeit"
CONF = """
spark.jobserver.auth {{
  ways = ["basic", "ldap"]
  ldap {{
    url = "ldaps://127.0.0.1:{port}"
    user-dn = "uid={{user}},ou=people,dc=example,dc=com"
    groups.base = "ou=groups,dc=example,dc=com"
    roles {{ user = ["science"], reader = ["staff"] }}
  }}
}}
"""
ENTRIES = f"""
dn: dc=example,dc=com
objectClass: domain
dc: example

dn: ou=people,dc=example,dc=com
objectClass: organizationalUnit
ou: people

dn: ou=groups,dc=example,dc=com
objectClass: organizationalUnit
ou: groups

dn: uid=ada,ou=people,dc=example,dc=com
objectClass: inetOrgPerson
uid: ada
cn: Ada
sn: Ada
userPassword:: {base64.b64encode(PASSWORD.encode()).decode()}

dn: uid=rae,ou=people,dc=example,dc=com
objectClass: inetOrgPerson
uid: rae
cn: Rae
sn: Rae
userPassword:: {base64.b64encode(PASSWORD.encode()).decode()}

dn: cn=science,ou=groups,dc=example,dc=com
objectClass: groupOfNames
cn: science
member: uid=ada,ou=people,dc=example,dc=com

dn: cn=staff,ou=groups,dc=example,dc=com
objectClass: groupOfNames
cn: staff
member: uid=rae,ou=people,dc=example,dc=com
"""


@contextlib.contextmanager
def directory(folder: Path) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """A directory with a certificate, which `trust.p12` trusts; its process and its port."""
    authority = Authority(folder)
    authority.sign("directory", server=True)
    subprocess.run(
        [
            "openssl",
            "pkcs12",
            "-export",
            "-passout",
            f"pass:{STORE}",
            "-in",
            str(folder / "directory.pem"),
            "-out",
            str(folder / "directory.p12"),
        ],
        check=True,
    )
    subprocess.run(
        [
            "keytool",
            "-importcert",
            "-noprompt",
            "-alias",
            "ca",
            "-file",
            str(authority.file),
            "-storetype",
            "PKCS12",
            "-storepass",
            STORE,
            "-keystore",
            str(folder / "trust.p12"),
        ],
        check=True,
        capture_output=True,
    )
    (folder / "entries.ldif").write_text(ENTRIES.lstrip())
    arguments = ["dc=example,dc=com", str(folder / "entries.ldif"), str(folder / "directory.p12")]
    with subprocess.Popen(
        [
            "java",
            "-cp",
            str(LIBRARY),
            str(ITEST / "directory" / "LdapServer.java"),
            *arguments,
            STORE,
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        try:
            yield process, int(process.stdout.readline())
        finally:
            process.kill()


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server whose callers are in a directory; the last test ends that."""
    if not LIBRARY.is_file():
        pytest.skip(f"there is no {LIBRARY}: mvn verify -pl jobserver.auth puts it there")
    folder = tmp_path_factory.mktemp("ldap")
    with directory(folder / "directory") as (process, port):
        trust = f"-Djavax.net.ssl.trustStore={folder / 'directory' / 'trust.p12'}"
        env = {"JOBSERVER_JAVA_OPTS": f"{trust} -Djavax.net.ssl.trustStorePassword={STORE}"}
        with running(folder, CONF.format(port=port), env) as server:
            server.directory = process  # type: ignore[attr-defined]
            yield server


def asking(server: Server, name: str, password: str, request: str = "GET /jobs") -> Raw:
    text = base64.b64encode(f"{name}:{password}".encode()).decode()
    return send(server, request, Authorization=f"Basic {text}")


def test_a_user_of_the_directory_may_do_what_the_groups_give(guarded: Server) -> None:
    assert asking(guarded, "ada", PASSWORD).status == 200
    assert asking(guarded, "ada", PASSWORD, "DELETE /contexts/x").status == 404
    assert asking(guarded, "rae", PASSWORD).status == 200
    answer = asking(guarded, "rae", PASSWORD, "DELETE /contexts/x")
    answer.is_text(403, "contexts:delete")


@pytest.mark.parametrize(
    ("name", "password"),
    [
        ("ada", "wrong"),
        ("ada", ""),
        ("", PASSWORD),
        ("nobody", PASSWORD),
        ("*", PASSWORD),
        ("ada)(uid=*", PASSWORD),
        ("ada,ou=people,dc=example,dc=com", PASSWORD),
        ("ada ", PASSWORD),
        (" ada", PASSWORD),
        ("ada\0", PASSWORD),
        ("a*", PASSWORD),
        ("ada+uid=rae", PASSWORD),
        ("ada+", PASSWORD),
        ("uid=ada,ou=people,dc=example,dc=com", PASSWORD),
        ("a\\64a", PASSWORD),
        ("#04616461", PASSWORD),
        ('"ada"', PASSWORD),
        ("\uff41da", PASSWORD),
        ("ad\u0430", PASSWORD),
        ("a\u00adda", PASSWORD),
        ("ada\u200b", PASSWORD),
        ("${jndi:ldap://127.0.0.1:1/x}", PASSWORD),
        ("rae", "\0"),
        ("rae", " "),
        ("rae", "*"),
    ],
)
def test_others_are_not_known(guarded: Server, name: str, password: str) -> None:
    asking(guarded, name, password).is_text(401, "The user or the password is wrong.")


def test_passwords_are_nowhere(guarded: Server) -> None:
    assert PASSWORD not in guarded.log()
    assert processes(PASSWORD.encode()) == {}


def test_a_directory_that_is_gone_is_told_so(guarded: Server) -> None:
    process: subprocess.Popen[str] = guarded.directory  # type: ignore[attr-defined]
    assert asking(guarded, "ada", PASSWORD).status == 200
    process.kill()
    process.wait()
    # Whoever was right a moment ago is remembered.
    assert asking(guarded, "ada", PASSWORD).status == 200
    answer = asking(guarded, "ada", "another")
    answer.is_text(503, "The directory of users does not answer")
    assert answer.header("Retry-After") == "5"
