package spark.jobserver.link.driver;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import spark.jobserver.api.Content;
import spark.jobserver.api.Failure;
import spark.jobserver.link.Event;

class OutboxTest {
  private static final Event EVENT = new Event.JobEnded("a", Event.Ending.FINISHED, Failure.of(""));

  @TempDir Path folder;

  private static Content text(String text) {
    return Content.of(text.getBytes(StandardCharsets.UTF_8));
  }

  private static String read(Content content) throws IOException {
    try (InputStream in = content.open()) {
      String text = new String(in.readAllBytes(), StandardCharsets.UTF_8);
      assertThat(content.size()).isEqualTo(text.length());
      return text;
    }
  }

  @Test
  void keepsEventsInTheirOrderForWhoComesAfterwards() throws IOException {
    Outbox outbox = new Outbox(folder);
    outbox.add(outbox.next(), EVENT, text("[1,\n2]"));
    outbox.add(outbox.next(), new Event.ContextEnded("broken"), text(""));

    List<Outbox.Entry> entries = Outbox.read(folder);

    assertThat(entries)
        .extracting(Outbox.Entry::event)
        .containsExactly(EVENT, new Event.ContextEnded("broken"));
    assertThat(read(entries.get(0).attachment())).isEqualTo("[1,\n2]");
    assertThat(read(entries.get(1).attachment())).isEmpty();
  }

  @Test
  void forgetsWhatIsDelivered() throws IOException {
    Outbox outbox = new Outbox(folder);
    Outbox.Entry entry = outbox.add(outbox.next(), EVENT, text("1"));

    entry.delivered();

    assertThat(Outbox.read(folder)).isEmpty();
  }

  @Test
  void isEmptyWhereNoDriverWas() throws IOException {
    assertThat(Outbox.read(folder.resolve("nowhere"))).isEmpty();
  }

  @Test
  void numbersAfterWhatAnEarlierDriverLeft() throws IOException {
    Outbox earlier = new Outbox(folder);
    earlier.add(earlier.next(), EVENT, text("1"));
    earlier.add(earlier.next(), EVENT, text("2"));

    Outbox outbox = new Outbox(folder);
    outbox.add(outbox.next(), EVENT, text("3"));

    assertThat(Outbox.read(folder)).extracting(Outbox.Entry::sequence).containsExactly(1L, 2L, 3L);
  }

  @Test
  void takesNothingForAnEventThatIsNotWhole() throws IOException {
    Outbox outbox = new Outbox(folder);
    Content broken =
        new Content() {
          @Override
          public long size() {
            return 10;
          }

          @Override
          public InputStream open() throws IOException {
            throw new IOException("gone");
          }
        };

    assertThatThrownBy(() -> outbox.add(outbox.next(), EVENT, broken)).hasMessage("gone");
    Files.writeString(folder.resolve(Outbox.FOLDER).resolve("0000000000000009.part"), "{\"ty");

    assertThat(Outbox.read(folder)).isEmpty();
    try (Stream<Path> files = Files.list(folder.resolve(Outbox.FOLDER))) {
      assertThat(files).hasSize(1);
    }
  }

  @Test
  void findsTheAttachmentBehindAMessageOfALaterVersion() throws IOException {
    Path box = Files.createDirectories(folder.resolve(Outbox.FOLDER));
    Files.writeString(
        box.resolve("0000000000000001.event"),
        "{\"type\":\"context-ended\", \"new-key\": 1, \"reason\":\"x\"}\nattached");

    assertThat(read(Outbox.read(folder).get(0).attachment())).isEqualTo("attached");
  }
}
