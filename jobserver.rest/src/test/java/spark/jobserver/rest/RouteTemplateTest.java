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
  }

  public static final class Unmarked {}

  @Test
  void isThatOfTheClassAndThatOfTheMethod() throws Exception {
    assertThat(RouteTemplate.template(Root.class, Root.class.getDeclaredMethod("page")))
        .isEqualTo("/docs/api");
    assertThat(RouteTemplate.template(Root.class, Root.class.getDeclaredMethod("self")))
        .isEqualTo("/");
    assertThat(RouteTemplate.template(Sub.class, Sub.class.getDeclaredMethod("config")))
        .isEqualTo("/jobs/{jobId}/config");
    assertThat(RouteTemplate.template(Unmarked.class, Sub.class.getDeclaredMethod("config")))
        .isEqualTo("/config");
  }
}
