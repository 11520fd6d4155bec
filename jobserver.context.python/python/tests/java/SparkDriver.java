import java.net.InetAddress;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Scanner;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.SparkSession;
import py4j.ClientServer;

/**
 * The JVM's side of a driver, for the tests: a session, and one Py4J server for each worker. Each
 * line of its input is an order, answered by one line; the input's end is its own. The orders are
 * {@code session} and {@code custom}, answered by a new server's port and token; {@code ship
 * <file>}, which gives a file to executors; and {@code default}, answered by whether the JVM has a
 * default session. Run from its source: {@code java -cp "$SPARK_HOME/jars/*" SparkDriver.java}.
 */
public class SparkDriver {
  /** What workers see. */
  public static class Entry {
    private final SparkSession session;
    private final JavaSparkContext jsc;
    private final ConcurrentHashMap<String, Object> namedObjects;
    private final boolean custom;

    Entry(SparkSession session, ConcurrentHashMap<String, Object> namedObjects, boolean custom) {
      this.session = session;
      this.jsc = new JavaSparkContext(session.sparkContext());
      this.namedObjects = namedObjects;
      this.custom = custom;
    }

    public SparkSession session() {
      return custom ? null : session;
    }

    public JavaSparkContext jsc() {
      return custom ? null : jsc;
    }

    public String confJson() {
      List<String> pairs = new ArrayList<>();
      for (scala.Tuple2<String, String> pair : jsc.getConf().getAll()) {
        pairs.add("[" + quoted(pair._1()) + "," + quoted(pair._2()) + "]");
      }
      return "[" + String.join(",", pairs) + "]";
    }

    public Object jvmContext() {
      return custom ? new Custom(session) : session;
    }

    public ConcurrentHashMap<String, Object> namedObjects() {
      return namedObjects;
    }

    private static String quoted(String text) {
      return '"' + text.replace("\\", "\\\\").replace("\"", "\\\"").replace("\n", "\\n") + '"';
    }
  }

  /** A context that is no session. */
  public static class Custom {
    private final SparkSession session;

    Custom(SparkSession session) {
      this.session = session;
    }

    public String customMethod() {
      return "custom";
    }

    public JavaSparkContext javaSparkContext() {
      return new JavaSparkContext(session.sparkContext());
    }
  }

  public static void main(String[] arguments) {
    SparkSession session =
        SparkSession.builder()
            .master("local[2]")
            .appName("tests")
            .config("spark.ui.enabled", "false")
            .config("spark.driver.host", "127.0.0.1")
            .config("spark.sql.shuffle.partitions", "1")
            .config("spark.sql.adaptive.enabled", "false")
            .config("spark.sql.codegen.wholeStage", "false")
            .getOrCreate();
    SparkSession.clearDefaultSession();
    ConcurrentHashMap<String, Object> namedObjects = new ConcurrentHashMap<>();
    System.out.println("ready");
    try (Scanner input = new Scanner(System.in)) {
      while (input.hasNextLine()) {
        String order = input.nextLine();
        if (order.equals("default")) {
          System.out.println(SparkSession.getDefaultSession().isDefined());
          continue;
        }
        if (order.startsWith("ship ")) {
          session.sparkContext().addFile(order.substring("ship ".length()));
          System.out.println("shipped");
          continue;
        }
        byte[] secret = new byte[16];
        new SecureRandom().nextBytes(secret);
        String token = HexFormat.of().formatHex(secret);
        ClientServer server =
            new ClientServer.ClientServerBuilder(
                    new Entry(session, namedObjects, order.equals("custom")))
                .authToken(token)
                .javaPort(0)
                .javaAddress(InetAddress.getLoopbackAddress())
                .pythonPort(0)
                .autoStartJavaServer(true)
                .build();
        System.out.println(server.getJavaServer().getListeningPort() + " " + token);
      }
    }
    System.exit(0);
  }
}
