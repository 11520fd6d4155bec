package spark.jobserver.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Optional;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import spark.jobserver.api.NamedObject.Kind;

class NamedObjectTest {
  @Test
  void aKindIsFoundByItsLabel() {
    for (Kind kind : Kind.values()) {
      assertThat(Kind.ofLabel(kind.label())).contains(kind);
    }
    assertThat(Kind.DATAFRAME.label()).isEqualTo("dataframe");
    assertThat(Kind.ofLabel("DATAFRAME")).isEmpty();
  }

  @Test
  void aSizeIsNotNegative() {
    assertThatThrownBy(
            () -> new NamedObject("a", Kind.VALUE, Optional.empty(), OptionalLong.of(-1)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("-1");
  }
}
