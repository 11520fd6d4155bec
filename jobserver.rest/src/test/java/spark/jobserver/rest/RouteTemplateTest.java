package spark.jobserver.rest;

import static org.assertj.core.api.Assertions.assertThat;

import jakarta.ws.rs.Path;
import org.junit.jupiter.api.Test;

class RouteTemplateTest {
  @Path("/")
  public static final class Root {
    @Path("docs/api/")
    public void page() {}

    public void self() {}
  }

  @Path("/jobs/{jobId}")
  public static final class Sub {
    @Path("/config")
    public void config() {}

    public void self() {}
  }

  public static final class Unmarked {}

  @Test
  void isThatOfTheClassAndThatOfTheMethod() throws Exception {
    assertThat(RouteTemplate.template(Root.class, Root.class.getDeclaredMethod("page")))
        .contains("/docs/api");
    assertThat(RouteTemplate.template(Root.class, Root.class.getDeclaredMethod("self")))
        .contains("/");
    assertThat(RouteTemplate.template(Sub.class, Sub.class.getDeclaredMethod("config")))
        .contains("/jobs/{jobId}/config");
    assertThat(RouteTemplate.template(Unmarked.class, Sub.class.getDeclaredMethod("config")))
        .contains("/config");
  }

  @Test
  void isNoneWhereNeitherHasOne() throws Exception {
    assertThat(RouteTemplate.template(Unmarked.class, Sub.class.getDeclaredMethod("self")))
        .isEmpty();
  }
}
