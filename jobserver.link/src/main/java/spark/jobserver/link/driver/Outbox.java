package spark.jobserver.link.driver;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import spark.jobserver.api.Content;
import spark.jobserver.link.Event;
import spark.jobserver.link.Wire;

/**
 * Events on the driver's disk, until the server has committed them. One file each: the message's
 * line, then the attachment. Numbers go on where an earlier driver in the same folder ended.
 */
public final class Outbox {
  /** The folder's name within the context's folder. */
  public static final String FOLDER = "outbox";

  private static final Pattern NAME = Pattern.compile("([0-9]{16})\\.event");

  private final Path folder;
  private long last;

  /**
   * @param contextFolder the context's folder
   */
  public Outbox(Path contextFolder) throws IOException {
    this.folder = Files.createDirectories(contextFolder.resolve(FOLDER));
    Durable.sync(contextFolder);
    List<Path> left = files(folder);
    this.last = left.isEmpty() ? 0 : sequence(left.get(left.size() - 1));
  }

  /** Numbers an event. */
  synchronized long next() {
    return ++last;
  }

  /**
   * Keeps an event; durable when this returns.
   *
   * @param sequence its number, from {@link #next}
   * @param attachment what follows the message; may be empty
   */
  Entry add(long sequence, Event event, Content attachment) throws IOException {
    Path file = folder.resolve("%016d.event".formatted(sequence));
    Path part = folder.resolve("%016d.part".formatted(sequence));
    byte[] line = Wire.line(event);
    try {
      long length;
      try (OutputStream out = Files.newOutputStream(part);
          InputStream in = attachment.open()) {
        out.write(line);
        length = in.transferTo(out);
      }
      Durable.publish(part, file);
      return new Entry(sequence, event, file, line.length, length);
    } finally {
      Files.deleteIfExists(part);
    }
  }

  /**
   * The events that the driver of this folder could not deliver, in their order, for who comes
   * after it.
   */
  public static List<Entry> read(Path contextFolder) throws IOException {
    List<Entry> entries = new ArrayList<>();
    for (Path file : files(contextFolder.resolve(FOLDER))) {
      entries.add(entry(file));
    }
    return entries;
  }

  private static List<Path> files(Path folder) throws IOException {
    if (!Files.isDirectory(folder)) {
      return List.of();
    }
    try (Stream<Path> files = Files.list(folder)) {
      return files
          .filter(file -> NAME.matcher(file.getFileName().toString()).matches())
          .sorted()
          .toList();
    }
  }

  private static long sequence(Path file) {
    String name = file.getFileName().toString();
    return Long.parseLong(name.substring(0, name.indexOf('.')));
  }

  private static Entry entry(Path file) throws IOException {
    try (InputStream in = new BufferedInputStream(Files.newInputStream(file))) {
      byte[] message = Wire.firstLine(in);
      int line = message.length + 1;
      return new Entry(
          sequence(file), Wire.read(message, Event.class), file, line, Files.size(file) - line);
    }
  }

  /**
   * An event on the disk.
   *
   * @param sequence its number
   * @param event the message
   * @param file where it lies
   * @param line the bytes of the message's line
   * @param length the bytes of the attachment
   */
  public record Entry(long sequence, Event event, Path file, int line, long length) {
    /** What follows the message. */
    public Content attachment() {
      return new Content() {
        @Override
        public long size() {
          return length;
        }

        @Override
        public InputStream open() throws IOException {
          InputStream in = Files.newInputStream(file);
          in.skipNBytes(line);
          return in;
        }
      };
    }

    /** The server has committed it. */
    void delivered() throws IOException {
      Files.deleteIfExists(file);
    }
  }
}
