package spark.jobserver.python.worker;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import spark.jobserver.api.NamedObject;
import spark.jobserver.api.NamedObject.Kind;

/** What is said of entries that need no Spark; {@code PythonSessionIT} has the others. */
class NamedObjectsTest {
  private static final byte[] REST = {1};

  private final Map<Object, Object> entries = new HashMap<>();

  private List<NamedObject> described(Object name, Object entry) {
    entries.put(name, entry);
    return new NamedObjects(entries, null).list();
  }

  private static List<Object> kept(Object... parts) {
    return new ArrayList<>(List.of(parts));
  }

  @Test
  void aValueHasItsClassAndTheSizeOfItsPickle() {
    assertThat(described("a", kept("sparkjobserver", "value", "dict", new byte[7], REST)))
        .containsExactly(new NamedObject("a", Kind.VALUE, Optional.of("dict"), OptionalLong.of(7)));
  }

  @Test
  void aListThatIsNotOursIsABareObject() {
    NamedObject bare =
        new NamedObject(
            "a", Kind.OBJECT, Optional.of(ArrayList.class.getName()), OptionalLong.empty());
    for (List<Object> list :
        List.of(
            kept(),
            kept("sparkjobserver", "value", new byte[7], REST),
            kept("another", "value", "dict", new byte[7], REST),
            kept("sparkjobserver", "tensor", "dict", new byte[7], REST))) {
      assertThat(described("a", list)).containsExactly(bare);
    }
  }

  @Test
  void aNameThatIsNoTextIsShownAsOne() {
    assertThat(described(5, "text"))
        .containsExactly(
            new NamedObject(
                "5", Kind.OBJECT, Optional.of("java.lang.String"), OptionalLong.empty()));
  }

  @Test
  void nothingIsThereAtFirst() {
    assertThat(new NamedObjects(Map.of(), null).list()).isEmpty();
  }
}
