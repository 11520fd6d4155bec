package spark.jobserver.link.driver;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import spark.jobserver.api.Content;
import spark.jobserver.link.Event;
import spark.jobserver.link.Wire;

/**
 * Events on the driver's disk, until the server has committed them. One file each: the message's
 * line, then the attachment.
 */
public final class Outbox {
  /** The folder's name within the context's folder. */
  public static final String FOLDER = "outbox";

  private final Path folder;
  private long last;

  /**
   * @param contextFolder the context's folder
   */
  public Outbox(Path contextFolder) throws IOException {
    this.folder = Files.createDirectories(contextFolder.resolve(FOLDER));
  }

  /**
   * Keeps an event; durable when this returns.
   *
   * @param attachment what follows the message; may be empty
   */
  public Entry add(Event event, Content attachment) throws IOException {
    long sequence = next();
    Path file = folder.resolve("%016d.event".formatted(sequence));
    Path part = folder.resolve("%016d.part".formatted(sequence));
    byte[] line = Wire.line(event);
    long length;
    try (OutputStream out = Files.newOutputStream(part);
        InputStream in = attachment.open()) {
      out.write(line);
      length = in.transferTo(out);
    }
    Durable.publish(part, file);
    return new Entry(sequence, event, file, line.length, length);
  }

  /** Numbers an event that is not kept. */
  synchronized long next() {
    return ++last;
  }

  /**
   * The events that the driver of this folder could not deliver, in their order, for who comes
   * after it.
   */
  public static List<Entry> read(Path contextFolder) throws IOException {
    Path folder = contextFolder.resolve(FOLDER);
    if (!Files.isDirectory(folder)) {
      return List.of();
    }
    List<Entry> entries = new ArrayList<>();
    try (Stream<Path> files = Files.list(folder)) {
      for (Path file : files.filter(f -> f.toString().endsWith(".event")).sorted().toList()) {
        entries.add(entry(file));
      }
    }
    return entries;
  }

  private static Entry entry(Path file) throws IOException {
    String name = file.getFileName().toString();
    long sequence = Long.parseLong(name.substring(0, name.indexOf('.')));
    try (InputStream in = new BufferedInputStream(Files.newInputStream(file))) {
      Event event = Wire.readLine(in, Event.class);
      int line = Wire.line(event).length;
      return new Entry(sequence, event, file, line, Files.size(file) - line);
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
