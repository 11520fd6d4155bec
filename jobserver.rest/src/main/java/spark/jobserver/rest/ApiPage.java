package spark.jobserver.rest;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.StreamSupport;

/** An OpenAPI document as a page of HTML. */
final class ApiPage {
  private static final Pattern CODE = Pattern.compile("`([^`]*)`");
  private static final Pattern EMPHASIS = Pattern.compile("\\*([^*]+)\\*");
  private static final String OTHERS = "others";

  private final JsonNode document;
  private final StringBuilder html = new StringBuilder();

  private ApiPage(JsonNode document) {
    this.document = document;
  }

  /** The page of a document. */
  static String of(JsonNode document) {
    ApiPage page = new ApiPage(document);
    page.write();
    String title = document.at("/info/title").asText() + " API";
    return Page.of(title, page.html.toString());
  }

  private void write() {
    Map<String, List<Operation>> byTag = operations();
    JsonNode info = document.get("info");
    html.append("<nav>\n<h2><a href=\"/\">").append(text(info.path("title"))).append("</a></h2>\n");
    byTag.forEach(this::writeLinks);
    html.append("<h3><a href=\"#schemas\">Schemas</a></h3>\n</nav>\n<main>\n<h1>")
        .append(text(info.path("title")))
        .append(" API</h1>\n")
        .append(paragraphs(info.path("description").asText()))
        .append("<p>For programs: <a href=\"/openapi.json\">OpenAPI 3.1</a>.</p>\n");
    byTag.forEach(this::writeTag);
    html.append("<h2 id=\"schemas\">Schemas</h2>\n");
    document.at("/components/schemas").properties().forEach(this::writeSchema);
    html.append("</main>\n");
  }

  /**
   * An operation.
   *
   * @param method in capitals
   */
  private record Operation(String method, String path, JsonNode words) {
    String id() {
      return Page.escaped(words.path("operationId").asText());
    }
  }

  /** The operations by their first tag, in the order of the tags. */
  private Map<String, List<Operation>> operations() {
    Map<String, List<Operation>> byTag = new LinkedHashMap<>();
    document.path("tags").forEach(tag -> byTag.put(tag.path("name").asText(), new ArrayList<>()));
    for (Map.Entry<String, JsonNode> path : document.get("paths").properties()) {
      for (Map.Entry<String, JsonNode> operation : path.getValue().properties()) {
        String tag = operation.getValue().at("/tags/0").asText(OTHERS);
        byTag
            .computeIfAbsent(tag, name -> new ArrayList<>())
            .add(
                new Operation(
                    operation.getKey().toUpperCase(Locale.ROOT),
                    path.getKey(),
                    operation.getValue()));
      }
    }
    return byTag;
  }

  private void writeLinks(String tag, List<Operation> operations) {
    html.append("<h3>").append(Page.escaped(tag)).append("</h3>\n<ul>\n");
    for (Operation operation : operations) {
      html.append("<li><a href=\"#")
          .append(operation.id())
          .append("\"><b>")
          .append(operation.method())
          .append("</b> ")
          .append(Page.escaped(operation.path()))
          .append("</a></li>\n");
    }
    html.append("</ul>\n");
  }

  private void writeTag(String tag, List<Operation> operations) {
    html.append("<h2>").append(Page.escaped(tag)).append("</h2>\n");
    for (JsonNode described : document.path("tags")) {
      if (described.path("name").asText().equals(tag)) {
        html.append(paragraphs(described.path("description").asText()));
      }
    }
    operations.forEach(this::writeOperation);
  }

  private void writeOperation(Operation operation) {
    JsonNode words = operation.words();
    html.append("<section id=\"")
        .append(operation.id())
        .append("\">\n<h3><b class=\"method\">")
        .append(operation.method())
        .append("</b> <code>")
        .append(Page.escaped(operation.path()))
        .append("</code></h3>\n<p class=\"summary\">")
        .append(inline(words.path("summary").asText()))
        .append("</p>\n")
        .append(paragraphs(words.path("description").asText()));
    writeParameters(words.path("parameters"));
    if (words.has("requestBody")) {
      writeBody(words.get("requestBody"));
    }
    writeResponses(words.path("responses"));
    html.append("</section>\n");
  }

  private void writeParameters(JsonNode parameters) {
    if (parameters.isEmpty()) {
      return;
    }
    html.append("<table>\n<tr><th>Parameter</th><th>In</th><th>Type</th><th></th></tr>\n");
    for (JsonNode each : parameters) {
      JsonNode parameter = resolved(each);
      html.append("<tr><td><code>")
          .append(text(parameter.path("name")))
          .append("</code>")
          .append(parameter.path("required").asBoolean() ? " <em>required</em>" : "")
          .append("</td><td>")
          .append(text(parameter.path("in")))
          .append("</td><td>")
          .append(type(parameter.path("schema")))
          .append("</td><td>")
          .append(inline(parameter.path("description").asText()))
          .append("</td></tr>\n");
    }
    html.append("</table>\n");
  }

  private void writeBody(JsonNode body) {
    html.append("<h4>Body</h4>\n").append(paragraphs(body.path("description").asText()));
    writeContent(body.path("content"));
  }

  private void writeResponses(JsonNode responses) {
    html.append("<table>\n<tr><th>Status</th><th></th><th>Body</th></tr>\n");
    StringBuilder examples = new StringBuilder();
    for (Map.Entry<String, JsonNode> response : responses.properties()) {
      JsonNode words = resolved(response.getValue());
      html.append("<tr><td>")
          .append(Page.escaped(response.getKey()))
          .append("</td><td>")
          .append(paragraphs(words.path("description").asText()))
          .append(headers(words.path("headers")))
          .append("</td><td>")
          .append(
              words.path("content").properties().stream()
                  .map(
                      content ->
                          type(content.getValue().path("schema"))
                              + " <small>"
                              + Page.escaped(content.getKey())
                              + "</small>")
                  .collect(Collectors.joining("<br>")))
          .append("</td></tr>\n");
      words
          .path("content")
          .properties()
          .forEach(content -> examples.append(examples(response.getKey(), content.getValue())));
    }
    html.append("</table>\n").append(examples);
  }

  private String headers(JsonNode headers) {
    return headers.properties().stream()
        .map(
            header ->
                "<p><small><code>"
                    + Page.escaped(header.getKey())
                    + "</code>: "
                    + inline(resolved(header.getValue()).path("description").asText())
                    + "</small></p>")
        .collect(Collectors.joining());
  }

  private void writeContent(JsonNode content) {
    html.append("<ul>\n");
    for (Map.Entry<String, JsonNode> each : content.properties()) {
      html.append("<li><small>")
          .append(Page.escaped(each.getKey()))
          .append("</small> ")
          .append(type(each.getValue().path("schema")))
          .append(examples("", each.getValue()))
          .append("</li>\n");
    }
    html.append("</ul>\n");
  }

  private static String examples(String title, JsonNode content) {
    List<JsonNode> examples = new ArrayList<>();
    if (content.has("example")) {
      examples.add(content.get("example"));
    }
    content.path("examples").forEach(example -> examples.add(example.path("value")));
    return examples.stream()
        .map(
            example ->
                "<pre>"
                    + (title.isEmpty() ? "" : "<small>" + Page.escaped(title) + "</small>\n")
                    + Page.escaped(example.isTextual() ? example.textValue() : pretty(example))
                    + "</pre>\n")
        .collect(Collectors.joining());
  }

  private static String pretty(JsonNode json) {
    return json.toPrettyString();
  }

  private void writeSchema(Map.Entry<String, JsonNode> schema) {
    JsonNode words = schema.getValue();
    html.append("<section id=\"schema-")
        .append(Page.escaped(schema.getKey()))
        .append("\">\n<h3>")
        .append(Page.escaped(schema.getKey()))
        .append("</h3>\n")
        .append(paragraphs(words.path("description").asText()))
        .append("<p>")
        .append(type(words))
        .append("</p>\n");
    writeProperties(words);
    words.path("oneOf").forEach(this::writeProperties);
    words
        .path("examples")
        .forEach(
            example -> html.append("<pre>").append(Page.escaped(pretty(example))).append("</pre>"));
    html.append("</section>\n");
  }

  private void writeProperties(JsonNode schema) {
    if (!schema.has("properties")) {
      return;
    }
    List<String> required =
        StreamSupport.stream(schema.path("required").spliterator(), false)
            .map(JsonNode::asText)
            .toList();
    html.append("<table>\n");
    if (schema.has("title")) {
      html.append("<caption>").append(text(schema.get("title"))).append("</caption>\n");
    }
    for (Map.Entry<String, JsonNode> property : schema.get("properties").properties()) {
      html.append("<tr><td><code>")
          .append(Page.escaped(property.getKey()))
          .append("</code>")
          .append(required.contains(property.getKey()) ? " <em>always</em>" : "")
          .append("</td><td>")
          .append(type(property.getValue()))
          .append("</td><td>")
          .append(inline(property.getValue().path("description").asText()))
          .append("</td></tr>\n");
    }
    html.append("</table>\n");
  }

  /** What a reference leads to. */
  private JsonNode resolved(JsonNode node) {
    String reference = node.path("$ref").asText();
    return reference.startsWith("#/") ? document.at(reference.substring(1)) : node;
  }

  /** A schema in a few words. */
  private String type(JsonNode schema) {
    String reference = schema.path("$ref").asText();
    if (!reference.isEmpty()) {
      String name = Page.escaped(reference.substring(reference.lastIndexOf('/') + 1));
      return "<a href=\"#schema-" + name + "\">" + name + "</a>";
    }
    for (String choice : List.of("oneOf", "anyOf")) {
      if (schema.has(choice)) {
        return joined(schema.get(choice), " or ");
      }
    }
    if (schema.has("const")) {
      return "<code>" + text(schema.get("const")) + "</code>";
    }
    if (schema.has("enum")) {
      return StreamSupport.stream(schema.get("enum").spliterator(), false)
          .map(value -> "<code>" + text(value) + "</code>")
          .collect(Collectors.joining(", "));
    }
    return named(schema);
  }

  private String named(JsonNode schema) {
    JsonNode type = schema.path("type");
    String name =
        type.isArray()
            ? StreamSupport.stream(type.spliterator(), false)
                .map(ApiPage::text)
                .collect(Collectors.joining(" or "))
            : text(type);
    if (name.equals("array")) {
      return "array of " + type(schema.path("items"));
    }
    if (schema.path("additionalProperties").isObject()) {
      return name + " of " + type(schema.get("additionalProperties"));
    }
    if (schema.has("title")) {
      return text(schema.get("title"));
    }
    String format = schema.has("format") ? " (" + text(schema.get("format")) + ")" : "";
    return name.isEmpty() ? "any JSON" : name + format;
  }

  private String joined(JsonNode schemas, String between) {
    return StreamSupport.stream(schemas.spliterator(), false)
        .map(this::type)
        .collect(Collectors.joining(between));
  }

  private static String text(JsonNode node) {
    return Page.escaped(node.asText());
  }

  /** The paragraphs and lists of a text. */
  private static String paragraphs(String text) {
    return text.strip().isEmpty()
        ? ""
        : Pattern.compile("\n\n")
            .splitAsStream(text.strip())
            .map(ApiPage::block)
            .collect(Collectors.joining());
  }

  private static String block(String text) {
    if (!text.startsWith("- ")) {
      return "<p>" + inline(text) + "</p>\n";
    }
    return Pattern.compile("(^|\n)- ")
        .splitAsStream(text)
        .filter(item -> !item.isEmpty())
        .map(item -> "<p>" + inline(item) + "</p>\n")
        .collect(Collectors.joining());
  }

  private static String inline(String text) {
    String escaped = Page.escaped(text.strip());
    String code = CODE.matcher(escaped).replaceAll("<code>$1</code>");
    return EMPHASIS.matcher(code).replaceAll("<em>$1</em>");
  }
}
