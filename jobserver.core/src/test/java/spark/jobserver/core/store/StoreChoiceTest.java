package spark.jobserver.core.store;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Set;
import org.junit.jupiter.api.Test;

class StoreChoiceTest {
  private static String why(String chosen, String holder, String... present) {
    return ((StoreChoice.Wait) StoreChoice.of(chosen, holder, Set.of(present))).why();
  }

  @Test
  void theStoreThatHasTheDataIsUsed() {
    assertThat(StoreChoice.of("a.Dao", "a.Dao", Set.of("a.Dao", "b.Dao")))
        .isEqualTo(new StoreChoice.Use());
  }

  @Test
  void anotherGetsTheDataFirst() {
    assertThat(StoreChoice.of("b.Dao", "a.Dao", Set.of("a.Dao", "b.Dao")))
        .isEqualTo(new StoreChoice.Move("a.Dao"));
  }

  @Test
  void oneThatIsNotThereIsWaitedFor() {
    assertThat(why("b.Dao", "b.Dao", "c.Dao", "a.Dao"))
        .isEqualTo(
            "The store b.Dao (spark.jobserver.jobdao) is not there now: no bundle that runs brings it, and there are: a.Dao, c.Dao");
    assertThat(why("b.Dao", "a.Dao")).endsWith("there is no other");
  }

  @Test
  void nothingIsUsedWhileTheDataAreOutOfReach() {
    assertThat(why("b.Dao", "a.Dao", "b.Dao", "c.Dao"))
        .isEqualTo(
            "The store b.Dao (spark.jobserver.jobdao) is not used: the server's data are in a.Dao, and that is not there now. Bring its bundle back, and all is copied from it; or set spark.jobserver.jobdao = \"a.Dao\"");
  }
}
