package spark.jobserver.python.worker;

import com.typesafe.config.Config;
import java.util.List;
import java.util.regex.Pattern;
import org.apache.spark.SparkConf;
import spark.jobserver.python.worker.PythonContext.Recipe;

/**
 * A factory's recipe whose answers are looked at: what makes no sense is told by the names of the
 * factory and of its method.
 */
final class CheckedRecipe implements Recipe {
  private static final String IDENTIFIER = "[\\p{L}_$][\\p{L}\\p{N}_$]*";
  private static final Pattern IMPORT =
      Pattern.compile(IDENTIFIER + "(\\." + IDENTIFIER + ")*\\.(\\*|" + IDENTIFIER + ")");

  private final Recipe recipe;

  CheckedRecipe(Recipe recipe) {
    this.recipe = recipe;
  }

  @Override
  public String factory() {
    return recipe.factory();
  }

  @Override
  public Config settings(Config settings) {
    return present("settings", recipe.settings(settings));
  }

  @Override
  public void configure(SparkConf conf, Config settings) {
    recipe.configure(conf, settings);
  }

  @Override
  public Object makeContext(SparkConf conf, Config settings, String name) throws Exception {
    return present("makeContext", recipe.makeContext(conf, settings, name));
  }

  @Override
  public List<String> py4JImports() {
    List<String> imports = entries("py4JImports", recipe.py4JImports());
    for (String one : imports) {
      if (!IMPORT.matcher(one).matches()) {
        throw wrong(
            "py4JImports",
            "returned \"%s\", which is neither a class (a.b.C) nor a package (a.b.*)"
                .formatted(one));
      }
      if (!one.endsWith(".*")) {
        find(one);
      }
    }
    return imports;
  }

  /** Py4j says nothing of a class that is not there until a job uses it. */
  private void find(String name) {
    try {
      Class.forName(name, false, Thread.currentThread().getContextClassLoader());
    } catch (ClassNotFoundException | LinkageError e) {
      throw wrong(
          "py4JImports",
          "names the class %s, which neither Spark nor its bundle has: %s".formatted(name, e));
    }
  }

  @Override
  public List<String> pythonFiles() {
    return entries("pythonFiles", recipe.pythonFiles());
  }

  @Override
  public List<String> jars() {
    return entries("jars", recipe.jars());
  }

  @Override
  public void close(Object context) throws Exception {
    recipe.close(context);
  }

  /** What is wrong with an answer. */
  IllegalStateException wrong(String method, String words) {
    return new IllegalStateException("%s.%s %s".formatted(factory(), method, words));
  }

  private List<String> entries(String method, List<String> entries) {
    for (String entry : present(method, entries)) {
      if (entry == null || entry.isBlank()) {
        throw wrong(method, "returned a list with an entry that is null or blank");
      }
    }
    return List.copyOf(entries);
  }

  private <T> T present(String method, T answer) {
    if (answer == null) {
      throw wrong(method, "returned null");
    }
    return answer;
  }
}
