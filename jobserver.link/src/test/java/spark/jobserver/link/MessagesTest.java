package spark.jobserver.link;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import spark.jobserver.api.Binary;
import spark.jobserver.api.BinaryType;
import spark.jobserver.api.NamedObject;
import spark.jobserver.api.NamedObject.Kind;
import spark.jobserver.api.context.WorkerCount;

class MessagesTest {
  private static final JsonMapper JSON = new JsonMapper();

  static Stream<Arguments> examples() {
    return Stream.of(
            Examples.COMMANDS.stream().map(name -> Arguments.of(name, Command.class)),
            Examples.EVENTS.stream().map(name -> Arguments.of(name, Event.class)),
            Stream.of(
                Arguments.of("numbered", Command.Numbered.class),
                Arguments.of("enrolment-file", EnrolmentFile.class),
                Arguments.of("enrolment", Enrolment.class),
                Arguments.of("hello", Hello.class),
                Arguments.of("heartbeat", Heartbeat.class)))
        .flatMap(arguments -> arguments);
  }

  @ParameterizedTest
  @MethodSource("examples")
  void areReadAndWrittenAsTheExampleSays(String name, Class<?> type) throws IOException {
    JsonNode example = JSON.readTree(Examples.json(name));

    byte[] written = Wire.line(Wire.read(Examples.json(name), type));

    assertThat(JSON.readTree(written)).isEqualTo(example);
  }

  @ParameterizedTest
  @MethodSource("examples")
  void areReadWithKeysOfALaterServerOrDriver(String name, Class<?> type) throws IOException {
    byte[] example = Examples.json(name);
    byte[] extended =
        new String(example, StandardCharsets.UTF_8)
            .replaceFirst("\\{", "{\"key-of-tomorrow\": [1, {}], ")
            .getBytes(StandardCharsets.UTF_8);

    assertThat(Wire.<Object>read(extended, erased(type)))
        .isEqualTo(Wire.<Object>read(example, erased(type)));
  }

  @SuppressWarnings("unchecked")
  private static Class<Object> erased(Class<?> type) {
    return (Class<Object>) type;
  }

  @Test
  void haveAnExampleEach() throws IOException {
    assertThat(classes(Examples.COMMANDS, Command.class))
        .containsExactlyInAnyOrder(
            Arrays.stream(Command.class.getPermittedSubclasses()).toArray(Class[]::new));
    assertThat(classes(Examples.EVENTS, Event.class))
        .containsExactlyInAnyOrder(
            Arrays.stream(Event.class.getPermittedSubclasses()).toArray(Class[]::new));
  }

  private static List<Class<?>> classes(List<String> names, Class<?> type) throws IOException {
    List<Class<?>> classes = new ArrayList<>();
    for (String name : names) {
      classes.add(Examples.read(name, type).getClass());
    }
    return classes;
  }

  @Test
  void carryABinaryUnchanged() {
    Binary binary =
        new Binary("app", BinaryType.WHEEL, Instant.ofEpochMilli(5), "ab".repeat(32), 10);

    assertThat(Command.BinaryFile.of(binary).binary()).isEqualTo(binary);
  }

  @Test
  void tellOfAJobWithoutDependenciesAsServersDidThatKnewNone() throws IOException {
    JsonNode job = JSON.readTree(Examples.json("command-run-job"));
    ((ObjectNode) job).remove("dependencies");

    Command.RunJob read = Wire.read(JSON.writeValueAsBytes(job), Command.RunJob.class);

    assertThat(read.dependencies()).isEmpty();
  }

  @Test
  void tellADriverNothingOfTlsAsServersDidThatHadNone() throws IOException {
    JsonNode file = JSON.readTree(Examples.json("enrolment-file"));
    ((ObjectNode) file).remove("trust");

    EnrolmentFile read = Wire.read(JSON.writeValueAsBytes(file), EnrolmentFile.class);

    assertThat(read.trust()).isEqualTo(Trust.NONE);
  }

  @Test
  void tellOfNoWorkersWhereADriverOfYesterdayDoesNot() throws IOException {
    ObjectNode beat = (ObjectNode) JSON.readTree(Examples.json("heartbeat"));
    beat.remove(List.of("workersWaiting", "workersInUse"));

    Heartbeat read = Wire.read(JSON.writeValueAsBytes(beat), Heartbeat.class);

    assertThat(read.workers()).isEqualTo(WorkerCount.NONE);
    assertThat(read.received()).isEqualTo(6);
  }

  @Test
  void carryNamedObjectsUnchanged() {
    List<NamedObject> objects =
        List.of(
            new NamedObject("a", Kind.VALUE, Optional.of("dict"), OptionalLong.of(0)),
            new NamedObject("b", Kind.RDD, Optional.empty(), OptionalLong.of(5)),
            new NamedObject("c", Kind.OBJECT, Optional.of("a.B"), OptionalLong.empty()));

    assertThat(Event.NamedObjectsListed.of("1", objects).objects())
        .extracting(Event.ObjectEntry::object)
        .isEqualTo(objects);
  }

  @Test
  void tellANamedObjectOfAKindOfTomorrowAsABareOne() {
    assertThat(new Event.ObjectEntry("a", "tensor", "", -1).object())
        .isEqualTo(new NamedObject("a", Kind.OBJECT, Optional.empty(), OptionalLong.empty()));
  }

  @Test
  void showNoSecretWhereTheyAreLogged() throws IOException {
    EnrolmentFile file = Examples.read("enrolment-file", EnrolmentFile.class);
    Enrolment enrolment = Examples.read("enrolment", Enrolment.class);

    assertThat(file.toString()).contains(file.contextId()).doesNotContain(file.token());
    assertThat(enrolment.toString())
        .contains(enrolment.contextId())
        .doesNotContain(enrolment.token())
        .doesNotContain(enrolment.key());
  }
}
