package spark.jobserver.rest;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.HttpMethod;
import jakarta.ws.rs.Path;
import java.io.IOException;
import java.io.InputStream;
import java.lang.annotation.Annotation;
import java.lang.reflect.Method;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.constructor.SafeConstructor;

class OpenApiDocumentTest {
  private static final Pattern VARIABLE = Pattern.compile("\\{(\\w+)(:[^}]*)?\\}");
  private static final Set<Class<?>> RESOURCES = resources();
  private static final ObjectNode DOCUMENT = OpenApiDocument.of(RESOURCES, "1.2.3");

  /** All classes of the bundle that have a path. */
  private static Set<Class<?>> resources() {
    try {
      java.nio.file.Path folder =
          java.nio.file.Path.of(OpenApiDocument.class.getResource("openapi.yaml").toURI())
              .getParent();
      try (Stream<java.nio.file.Path> files = Files.list(folder)) {
        return files
            .map(file -> file.getFileName().toString())
            .filter(name -> name.endsWith("Resource.class"))
            .map(name -> type(name.substring(0, name.length() - ".class".length())))
            .filter(type -> type.isAnnotationPresent(Path.class))
            .collect(Collectors.toSet());
      }
    } catch (IOException | URISyntaxException e) {
      throw new AssertionError(e);
    }
  }

  private static Class<?> type(String name) {
    try {
      return Class.forName(OpenApiDocument.class.getPackageName() + "." + name);
    } catch (ClassNotFoundException e) {
      throw new AssertionError(e);
    }
  }

  /** The methods and paths of the resources, as their annotations say. */
  private static Set<String> routes() {
    Set<String> routes = new TreeSet<>();
    for (Class<?> resource : RESOURCES) {
      for (Method method : resource.getMethods()) {
        for (Annotation annotation : method.getAnnotations()) {
          HttpMethod http = annotation.annotationType().getAnnotation(HttpMethod.class);
          if (http != null) {
            Path below = method.getAnnotation(Path.class);
            String path =
                (resource.getAnnotation(Path.class).value()
                        + "/"
                        + (below == null ? "" : below.value()))
                    .replaceAll("/+", "/");
            routes.add(
                http.value()
                    + " "
                    + VARIABLE.matcher(path).replaceAll("{$1}").replaceAll("(?<=.)/$", ""));
          }
        }
      }
    }
    return routes;
  }

  private static Set<String> described() {
    Set<String> described = new TreeSet<>();
    DOCUMENT
        .get("paths")
        .properties()
        .forEach(
            path ->
                path.getValue()
                    .properties()
                    .forEach(
                        operation ->
                            described.add(
                                operation.getKey().toUpperCase(Locale.ROOT)
                                    + " "
                                    + path.getKey())));
    return described;
  }

  @Test
  void everyRouteOfEveryResourceIsDescribed() {
    assertThat(routes()).hasSizeGreaterThan(25);
    assertThat(described())
        .isEqualTo(
            routes().stream()
                .map(route -> route.endsWith(" ") ? route + "/" : route)
                .collect(Collectors.toCollection(TreeSet::new)));
  }

  @Test
  void everyOperationHasAnIdAndAnswersAndNoWordsAreLeftOver() {
    Set<String> ids = new HashSet<>();
    operations()
        .forEach(
            operation -> {
              assertThat(ids.add(operation.get("operationId").textValue())).isTrue();
              assertThat(operation.path("summary").textValue()).isNotBlank();
              assertThat(operation.path("tags")).hasSize(1);
              assertThat(operation.get("responses").has("500")).isTrue();
              assertThat(operation.get("responses").has("503")).isTrue();
              assertThat(operation.get("responses").has("421")).isTrue();
              assertThat(operation.has("errors")).isFalse();
            });
    assertThat(ids).isEqualTo(describedIds());
  }

  /** The ids for which there are words. */
  private static Set<String> describedIds() {
    try (InputStream in = OpenApiDocument.class.getResourceAsStream("openapi.yaml")) {
      Map<String, Map<String, Object>> yaml =
          new Yaml(new SafeConstructor(new LoaderOptions())).load(in);
      return yaml.get("operations").keySet();
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  private static Stream<JsonNode> operations() {
    return DOCUMENT.get("paths").properties().stream()
        .flatMap(path -> path.getValue().properties().stream())
        .map(Map.Entry::getValue);
  }

  @Test
  void everyReferenceLeadsSomewhereAndEveryComponentIsUsed() {
    Set<String> used = new TreeSet<>();
    DOCUMENT.findValuesAsText("$ref").forEach(used::add);
    for (String reference : used) {
      assertThat(DOCUMENT.at(reference.substring(1)).isObject()).as(reference).isTrue();
    }
    DOCUMENT
        .get("components")
        .properties()
        .forEach(
            kind ->
                kind.getValue()
                    .properties()
                    .forEach(
                        component ->
                            assertThat(used)
                                .contains(
                                    "#/components/" + kind.getKey() + "/" + component.getKey())));
  }

  @Test
  void theParametersOfAPathAreThoseThatItNames() {
    DOCUMENT
        .get("paths")
        .properties()
        .forEach(
            path -> {
              Set<String> named = new TreeSet<>();
              Matcher variable = VARIABLE.matcher(path.getKey());
              while (variable.find()) {
                named.add(variable.group(1));
              }
              path.getValue()
                  .forEach(
                      operation ->
                          assertThat(inPath(operation)).as(path.getKey()).isEqualTo(named));
            });
  }

  private static Set<String> inPath(JsonNode operation) {
    Set<String> names = new TreeSet<>();
    for (JsonNode parameter : operation.path("parameters")) {
      JsonNode resolved =
          parameter.has("$ref")
              ? DOCUMENT.at(parameter.get("$ref").textValue().substring(1))
              : parameter;
      if (resolved.get("in").textValue().equals("path")) {
        names.add(resolved.get("name").textValue());
      }
    }
    return names;
  }

  @Test
  void anErrorIsDescribedAsItIsTold() {
    JsonNode submission = DOCUMENT.at("/paths/~1jobs/post/responses");
    assertThat(mediaTypes(submission.get("404")))
        .containsExactly("application/json", "application/problem+json");
    assertThat(mediaTypes(submission.get("400")))
        .containsExactly("application/json", "text/plain", "application/problem+json");
    assertThat(mediaTypes(submission.get("413")))
        .containsExactly("text/plain", "application/problem+json");
    assertThat(mediaTypes(submission.get("421"))).containsExactly("text/plain");
    assertThat(submission.at("/503/headers").has("Retry-After")).isTrue();
    assertThat(submission.at("/500/headers").has("Incident-Id")).isTrue();
  }

  private static Set<String> mediaTypes(JsonNode response) {
    Set<String> types = new LinkedHashSet<>();
    response.get("content").fieldNames().forEachRemaining(types::add);
    return types;
  }

  /** A resource of this bundle that nobody has described. */
  @Path("/undescribed")
  static final class Undescribed {
    @GET
    public String get() {
      return "";
    }
  }

  @Test
  void aResourceThatCannotBeReadIsLeftOut() {
    Set<Class<?>> resources = new HashSet<>(RESOURCES);
    resources.add(Undescribed.class);
    assertThat(OpenApiDocument.of(resources, "1.2.3")).isEqualTo(DOCUMENT);
  }

  @Test
  void thePageShowsEveryOperationAndEveryComponent() {
    String page = ApiPage.of(DOCUMENT);
    operations()
        .map(operation -> operation.get("operationId").textValue())
        .forEach(id -> assertThat(page).contains("<section id=\"" + id + "\">"));
    DOCUMENT
        .at("/components/schemas")
        .fieldNames()
        .forEachRemaining(
            name -> assertThat(page).contains("<section id=\"schema-" + name + "\">"));
  }

  @Test
  void thePageNeedsNothingFromAnywhereAndRunsNothing() {
    String page = ApiPage.of(DOCUMENT);
    assertThat(page).doesNotContain("<script", " src=", "<link", "@import", "url(");
    assertThat(page).doesNotContainPattern("href=\"(?![#/])");
    assertThat(page).doesNotContainPattern(" (on[a-z]+|style)=");
  }

  @Test
  void whatADocumentSaysIsTextOnThePage() {
    ObjectNode evil = DOCUMENT.deepCopy();
    String text = "<script>alert(1)</script>\"'&";
    evil.withObjectProperty("info").put("title", text).put("description", text);
    JsonNode operation = evil.at("/paths/~1jobs/get");
    ((ObjectNode) operation).put("summary", text).put("operationId", text);
    ((ObjectNode) evil.get("paths")).set("/" + text, evil.at("/paths/~1data"));
    ((ObjectNode) evil.at("/components/schemas")).set(text, evil.at("/components/schemas/Job"));
    assertThat(ApiPage.of(evil)).doesNotContain("<script>").contains("&lt;script&gt;");
  }
}
