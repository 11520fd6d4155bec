package spark.jobserver.shell;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.BufferedReader;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * The program behind {@code bin/jobserver shell}: {@code ShellClient DATA [--prompt] [COMMAND
 * ARGUMENT...]}. With a command it carries that out; one alone may be a whole line. Without, it
 * carries out what it reads, until {@code exit} or the end. Exits with 0 when the last line went
 * well, and else with 1.
 */
public final class ShellClient {
  private static final String PROMPT = "jobserver> ";
  private static final Set<String> LAST_WORDS = Set.of("exit", "quit");

  /** What means nothing to Gogo but itself. */
  private static final Pattern PLAIN = Pattern.compile("[A-Za-z0-9_./:@+,-]+");

  private final LineChannel channel;
  private final PrintStream out;
  private final PrintStream errors;

  ShellClient(LineChannel channel, PrintStream out, PrintStream errors) {
    this.channel = channel;
    this.out = out;
    this.errors = errors;
  }

  public static void main(String[] arguments) {
    List<String> rest = List.of(arguments).subList(1, arguments.length);
    boolean prompting = !rest.isEmpty() && rest.get(0).equals("--prompt");
    List<String> command = prompting ? rest.subList(1, rest.size()) : rest;
    // Whatever the locale is: the server's text is UTF-8, and files' names mostly are.
    PrintStream out = new PrintStream(new FileOutputStream(FileDescriptor.out), true, UTF_8);
    PrintStream errors = new PrintStream(new FileOutputStream(FileDescriptor.err), true, UTF_8);
    boolean well = false;
    try (SocketChannel socket = connect(Wire.folder(Path.of(arguments[0])))) {
      ShellClient client = new ShellClient(new LineChannel(socket), out, errors);
      client.greet();
      well =
          command.isEmpty()
              ? client.converse(System.in, prompting)
              : client.carryOut(line(command));
    } catch (IOException e) {
      errors.println("jobserver: " + e.getMessage());
    }
    System.exit(well ? 0 : 1);
  }

  /** Connects by a socket with a name, by which the server finds this process. */
  static SocketChannel connect(Path folder) throws IOException {
    Path socket = Wire.socket(folder);
    if (!Files.exists(socket)) {
      throw new IOException(
          "There is no shell at %s: it is off (%s.enabled), or could not be opened, which the server's log tells."
              .formatted(socket, ShellConfig.PID));
    }
    Path own = Wire.clientSocket(folder);
    SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX);
    try {
      channel.bind(UnixDomainSocketAddress.of(own));
      channel.connect(UnixDomainSocketAddress.of(socket));
      return channel;
    } catch (IOException | RuntimeException e) {
      channel.close();
      throw new IOException(
          "The shell at %s cannot be reached: %s".formatted(socket, e.getMessage()), e);
    } finally {
      // The kernel keeps the name as long as the connection is open.
      Files.deleteIfExists(own);
    }
  }

  /** A command and its arguments as a line; a command alone is one already. */
  static String line(List<String> command) throws IOException {
    String line =
        command.size() == 1
            ? command.get(0)
            : command.stream().map(ShellClient::quoted).collect(Collectors.joining(" "));
    if (line.contains("\n")) {
      throw new IOException("A command is one line, and cannot have a line break in it.");
    }
    return line;
  }

  private static String quoted(String argument) {
    return PLAIN.matcher(argument).matches()
        ? argument
        : "'" + argument.replace("'", "'\\''") + "'";
  }

  /** Waits until the server is ready. */
  void greet() throws IOException {
    String greeting = channel.readLine().orElse("");
    if (!greeting.equals(Wire.READY)) {
      throw new IOException(
          greeting.startsWith(Wire.REFUSED + " ")
              ? greeting.substring(Wire.REFUSED.length() + 1)
              : "The server has closed the connection.");
    }
  }

  /**
   * Carries out lines until there are no more.
   *
   * @return whether the last one went well
   */
  boolean converse(InputStream in, boolean prompting) throws IOException {
    BufferedReader lines = new BufferedReader(new InputStreamReader(in, UTF_8));
    boolean well = true;
    prompt(prompting);
    String line = lines.readLine();
    while (line != null && !LAST_WORDS.contains(line.strip())) {
      well = carryOut(line);
      prompt(prompting);
      line = lines.readLine();
    }
    if (line == null && prompting) {
      out.println();
    }
    return well;
  }

  private void prompt(boolean prompting) {
    if (prompting) {
      out.print(PROMPT);
      out.flush();
    }
  }

  /**
   * Carries out a line, and prints what comes of it.
   *
   * @return whether it went well
   * @throws IOException when the server has ended the session
   */
  boolean carryOut(String line) throws IOException {
    try {
      channel.write(line);
    } catch (IOException e) {
      // It has said why before it closed.
    }
    while (true) {
      Optional<String> answer = channel.readLine();
      String text = answer.orElse("");
      if (answer.isEmpty() || text.startsWith(Wire.BYE + " ")) {
        throw new IOException(
            answer.isEmpty()
                ? "The server has ended the session."
                : "The server has ended the session: " + text.substring(Wire.BYE.length() + 1));
      }
      if (text.equals(Wire.OK) || text.equals(Wire.FAILED)) {
        return text.equals(Wire.OK);
      }
      if (!text.isEmpty() && text.charAt(0) == Wire.OUT) {
        out.println(text.substring(1));
      } else if (!text.isEmpty() && text.charAt(0) == Wire.ERROR) {
        errors.println(text.substring(1));
      }
    }
  }
}
