package jobserver.bench;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import org.apache.spark.SparkConf;
import org.apache.spark.sql.SparkSession;
import org.osgi.service.component.annotations.Component;
import spark.jobserver.api.context.ContextFactory;
import spark.jobserver.api.context.ContextRequest;
import spark.jobserver.api.context.RunningContext;

/** Makes contexts that start a fresh interpreter for each job, as spark-jobserver does. */
@Component(
    service = ContextFactory.class,
    property = ContextFactory.NAME + "=jobserver.bench.FreshInterpreterContextFactory")
public final class FreshInterpreterContextFactory implements ContextFactory {
  private static final String PROGRAM = "META-INF/python/fresh_job.py";

  @Override
  public RunningContext make(ContextRequest request) throws IOException {
    SparkSession session =
        SparkSession.builder().config(new SparkConf().setAppName(request.name())).getOrCreate();
    Path program = request.folder().resolve("fresh_job.py");
    try (InputStream in =
        FreshInterpreterContextFactory.class.getClassLoader().getResourceAsStream(PROGRAM)) {
      Files.copy(in, program, StandardCopyOption.REPLACE_EXISTING);
    }
    return new FreshInterpreterContext(session, program, request.settings());
  }
}
