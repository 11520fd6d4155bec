package spark.jobserver.rest;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.swagger.v3.core.util.Json31;
import io.swagger.v3.jaxrs2.Reader;
import io.swagger.v3.oas.integration.SwaggerConfiguration;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.constructor.SafeConstructor;

/**
 * Describes resources in OpenAPI 3.1. Which routes there are is read from the resources' classes,
 * those of plugins too; what there is to say of those of this bundle stands in {@code
 * openapi.yaml}, by the ids of operations. A plugin says it by Swagger's annotations at its
 * resources.
 */
final class OpenApiDocument {
  private static final Logger LOG = LoggerFactory.getLogger(OpenApiDocument.class);
  private static final String VERSION = "3.1.0";
  private static final ObjectMapper MAPPER = Json31.mapper();

  private final JsonNode described = described();
  private final ObjectNode document = MAPPER.createObjectNode();
  private final ObjectNode paths = MAPPER.createObjectNode();
  private final Set<String> ids = new HashSet<>();

  private OpenApiDocument(String version) {
    document.put("openapi", VERSION);
    document.set("info", described.get("info").deepCopy());
    document.withObjectProperty("info").put("version", version);
    document.set("tags", described.get("tags"));
    document.putObject("paths");
    document.set("components", described.get("components").deepCopy());
  }

  private static JsonNode described() {
    try (InputStream in = OpenApiDocument.class.getResourceAsStream("openapi.yaml")) {
      Object yaml = new Yaml(new SafeConstructor(new LoaderOptions())).load(in);
      return MAPPER.valueToTree(yaml);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * Describes resources.
   *
   * @param resources in any order; one that cannot be read is left out
   * @param version of what they are together
   */
  static ObjectNode of(Set<Class<?>> resources, String version) {
    OpenApiDocument document = new OpenApiDocument(version);
    resources.stream()
        .sorted(Comparator.comparing(OpenApiDocument::isForeign).thenComparing(Class::getName))
        .forEach(document::add);
    return document.whole();
  }

  private static boolean isForeign(Class<?> resource) {
    return resource.getClassLoader() != OpenApiDocument.class.getClassLoader();
  }

  private void add(Class<?> resource) {
    try {
      JsonNode read =
          MAPPER.valueToTree(new Reader(new SwaggerConfiguration().openAPI31(true)).read(resource));
      boolean foreign = isForeign(resource);
      if (foreign) {
        addComponents(read.path("components"));
      }
      read.path("paths")
          .properties()
          .forEach(path -> addPath(path.getKey(), path.getValue(), foreign));
    } catch (RuntimeException | LinkageError e) {
      LOG.warn("the resource {} is not in the OpenAPI document", resource.getName(), e);
    }
  }

  /** What is there already stays as it is. */
  private void addComponents(JsonNode components) {
    components
        .properties()
        .forEach(
            kind -> {
              ObjectNode there =
                  document.withObjectProperty("components").withObjectProperty(kind.getKey());
              kind.getValue()
                  .properties()
                  .forEach(one -> there.putIfAbsent(one.getKey(), one.getValue()));
            });
  }

  private void addPath(String path, JsonNode operations, boolean foreign) {
    for (Map.Entry<String, JsonNode> operation : operations.properties()) {
      String method = operation.getKey();
      if (!paths.path(path).has(method)) {
        ObjectNode words =
            foreign
                ? foreign(method, (ObjectNode) operation.getValue())
                : own(method, operation.getValue());
        paths.withObjectProperty(path).set(method, words);
      }
    }
  }

  private ObjectNode own(String method, JsonNode read) {
    String id = read.path("operationId").asText();
    JsonNode words = described.path("operations").path(id);
    if (!words.isObject()) {
      throw new IllegalStateException("openapi.yaml does not describe the operation " + id);
    }
    ids.add(id);
    ObjectNode operation = MAPPER.createObjectNode().put("operationId", id);
    operation.setAll((ObjectNode) words.deepCopy());
    operation.remove(List.of("errors", "texts"));
    ErrorAnswers errors = new ErrorAnswers();
    errors.add(words);
    errors.add(described.get("common"));
    writeTo(operation, errors, method);
    return operation;
  }

  private ObjectNode foreign(String method, ObjectNode operation) {
    String id = operation.path("operationId").asText(method);
    String unique = id;
    for (int i = 2; !ids.add(unique); i++) {
      unique = id + i;
    }
    operation.put("operationId", unique);
    writeTo(operation, new ErrorAnswers(), method);
    return operation;
  }

  private void writeTo(ObjectNode operation, ErrorAnswers errors, String method) {
    errors.addOfGate(described.get("gate"));
    if (method.equals("post")) {
      errors.addOfGate(described.get("gate-of-posts"));
    }
    errors.writeTo(operation.withObjectProperty("responses"));
  }

  private ObjectNode whole() {
    List<Map.Entry<String, JsonNode>> sorted = new ArrayList<>(paths.properties());
    sorted.sort(Map.Entry.comparingByKey());
    ObjectNode all = document.putObject("paths");
    sorted.forEach(path -> all.set(path.getKey(), path.getValue()));
    return document;
  }
}
