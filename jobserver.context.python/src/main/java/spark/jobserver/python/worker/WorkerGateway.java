package spark.jobserver.python.worker;

import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import org.apache.spark.SparkContext;
import py4j.ClientServer;
import py4j.GatewayServer;
import py4j.JVMView;

/**
 * The py4j server of one worker: its own port and token, so that it can serve no other, and its own
 * threads, so that whatever runs in them has the worker's tag.
 */
final class WorkerGateway implements AutoCloseable {
  private final ClientServer server;
  private final String token;

  private WorkerGateway(ClientServer server, String token) {
    this.server = server;
    this.token = token;
  }

  /**
   * Opens one. All of py4j's threads descend from the one that it is started in, and inherit its
   * class loader and Spark's local properties.
   *
   * @param tag for all Spark jobs that are started through it
   * @param imports classes and packages that need no qualified name
   */
  static WorkerGateway open(
      EntryPoint entryPoint,
      SparkContext spark,
      String tag,
      List<String> imports,
      ContextThreads threads)
      throws InterruptedException {
    String token = Tokens.create();
    CompletableFuture<WorkerGateway> opened = new CompletableFuture<>();
    threads
        .newThread(
            "py4j-" + tag,
            () -> {
              try {
                spark.addJobTag(tag);
                spark.setInterruptOnCancel(true);
                opened.complete(start(entryPoint, token, imports));
              } catch (RuntimeException e) {
                opened.completeExceptionally(e);
              }
            })
        .start();
    try {
      return opened.get();
    } catch (ExecutionException e) {
      throw new IllegalStateException("no py4j server can be opened", e.getCause());
    }
  }

  private static WorkerGateway start(EntryPoint entryPoint, String token, List<String> imports) {
    ClientServer server =
        new ClientServer.ClientServerBuilder(entryPoint)
            .authToken(token)
            .javaAddress(GatewayServer.defaultAddress())
            .javaPort(0)
            .pythonPort(0)
            .autoStartJavaServer(false)
            .build();
    JVMView view = ((GatewayServer) server.getJavaServer()).getGateway().getDefaultJVMView();
    for (String name : imports) {
      if (name.endsWith(".*")) {
        view.addStarImport(name);
      } else {
        view.addSingleImport(name);
      }
    }
    server.startServer();
    return new WorkerGateway(server, token);
  }

  int port() {
    return server.getJavaServer().getListeningPort();
  }

  String token() {
    return token;
  }

  /** Ends its threads and lets go of all objects that the worker has referred to. */
  @Override
  public void close() {
    server.shutdown();
  }
}
