package spark.jobserver.auth;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ProcessTableTest {
  private static final long SERVER = 50;
  @TempDir Path proc;
  private ProcessTable table;

  @BeforeEach
  void makeTable() throws IOException {
    table = new ProcessTable(proc, SERVER);
    process(1, 0, "init", "");
    process(10, 1, "shell", "HOME=/root\0");
    process(SERVER, 1, "server", "HOME=/root\0");
    process(60, SERVER, "spark-submit", "");
    process(70, 1, "driver", "HOME=/root\0JOBSERVER_DRIVER=id.1\0");
    process(71, 70, "zygote", "JOBSERVER_DRIVER=id.1\0");
    process(72, 71, "cleared", "");
    process(73, 72, "a ) 1 (name", "XJOBSERVER_DRIVER=id.1\0");
  }

  private void process(long id, long parent, String name, String environment) throws IOException {
    Path folder = Files.createDirectories(proc.resolve(id + "/fd")).getParent();
    Files.writeString(folder.resolve("stat"), "%d (%s) S %d 1 1 0 -1".formatted(id, name, parent));
    Files.writeString(folder.resolve("environ"), environment);
    Files.writeString(folder.resolve("status"), "Name:\t%s\nTgid:\t%d\n".formatted(name, id));
  }

  private void open(long id, int file, String target) throws IOException {
    Files.createSymbolicLink(
        proc.resolve(id + "/fd").resolve(String.valueOf(file)), Path.of(target));
  }

  @Test
  void findsWhoHasASocket() throws IOException {
    open(10, 0, "/dev/null");
    open(10, 3, "socket:[222]");
    open(72, 3, "socket:[2222]");
    assertThat(table.holder(222)).contains(10L);
    assertThat(table.holder(2222)).contains(72L);
    assertThat(table.holder(22)).isEmpty();
    Files.delete(proc.resolve("10/fd/3"));
    assertThat(table.holder(222)).isEmpty();
  }

  @Test
  void findsAllWhoHaveASocket() throws IOException {
    open(10, 3, "socket:[222]");
    open(72, 3, "socket:[222]");
    open(73, 3, "socket:[2222]");
    assertThat(table.holders(222)).containsExactlyInAnyOrder(10L, 72L);
    assertThat(table.holders(22)).isEmpty();
  }

  @Test
  void judgesAProcessByDescentAndNamespace() throws IOException {
    assertThat(table.judge(10)).isEqualTo(Finding.OWN);
    assertThat(table.judge(72)).isEqualTo(Finding.FOREIGN);
    assertThat(table.judge(99)).isEqualTo(Finding.NOTHING);
    Files.createDirectories(proc.resolve("self"));
    namespaces("self", "pid:[1]", "user:[2]");
    assertThat(table.judge(10)).isEqualTo(Finding.HIDDEN);
  }

  @Test
  void whatHasBegunLastMayBeAThread() throws IOException {
    process(53, 1, "thread of the server", "");
    Files.writeString(proc.resolve("53/status"), "Name:\tx\nUmask:\t0022\nTgid:\t" + SERVER);
    open(53, 3, "socket:[333]");
    open(SERVER, 3, "socket:[333]");
    open(10, 3, "socket:[222]");
    for (long last : new long[] {53, 54, 7}) {
      Files.writeString(proc.resolve("loadavg"), "0.38 2.50 4.09 3/113 " + last);
      assertThat(table.holder(333)).contains(SERVER);
      assertThat(table.holder(222)).contains(10L);
      assertThat(table.holder(444)).isEmpty();
    }
    Files.writeString(proc.resolve("loadavg"), "");
    assertThat(table.holder(333)).contains(SERVER);
  }

  @Test
  void ofADriverIsWhatHasItsMarkOrDescendsFromIt() throws IOException {
    for (long process : new long[] {70, 71, 72, 73}) {
      assertThat(table.isOfDriver(process)).as("%d", process).contains(true);
    }
    assertThat(table.isOfDriver(10)).contains(false);
    process(73, 1, "other", "XJOBSERVER_DRIVER=id.1\0");
    assertThat(table.isOfDriver(73)).contains(false);
  }

  @Test
  void soAreTheServerItselfAndItsChildren() {
    assertThat(table.isOfDriver(SERVER)).contains(true);
    assertThat(table.isOfDriver(60)).contains(true);
  }

  @Test
  void whatHasEndedCannotBeTold() {
    assertThat(table.isOfDriver(99)).isEmpty();
  }

  @Test
  void aCircleIsNobodysDescent() throws IOException {
    process(80, 81, "a", "");
    process(81, 80, "b", "");
    assertThat(table.isOfDriver(80)).contains(true);
  }

  @Test
  void whatIsInAnotherNamespaceOfProcessesOrUsersIsNotBesideTheServer() throws IOException {
    assertThat(table.isBesideServer(10)).as("the kernel has none").isTrue();
    Files.createDirectories(proc.resolve("self"));
    namespaces("self", "pid:[1]", "user:[2]");
    assertThat(table.isBesideServer(10)).as("this one's are not told").isFalse();
    namespaces("10", "pid:[1]", "user:[2]");
    namespaces("70", "pid:[3]", "user:[2]");
    namespaces("71", "pid:[1]", "user:[3]");
    assertThat(table.isBesideServer(10)).isTrue();
    assertThat(table.isBesideServer(70)).isFalse();
    assertThat(table.isBesideServer(71)).isFalse();
  }

  private void namespaces(String process, String ofProcesses, String ofUsers) throws IOException {
    Path folder = Files.createDirectory(proc.resolve(process).resolve("ns"));
    Files.createSymbolicLink(folder.resolve("pid"), Path.of(ofProcesses));
    Files.createSymbolicLink(folder.resolve("user"), Path.of(ofUsers));
  }
}
