package spark.jobserver.rest;

/** The page at {@code /}. */
final class IndexPage {
  private IndexPage() {}

  /** The page, which anybody may read: it tells nothing of this server. */
  static String text() {
    String body =
        """
        <main>
        <h1>Jobserver</h1>
        <p>Runs Python jobs on Apache Spark.</p>
        <ul>
        <li><a href="/docs/api">The REST API</a>, to read</li>
        <li><a href="/openapi.json">The REST API in OpenAPI 3.1</a>, for programs</li>
        <li><a href="/healthz">Whether the server is well</a></li>
        <li><a href="/metricz">Metrics</a></li>
        </ul>
        </main>
        """;
    return Page.of("Jobserver", body);
  }
}
