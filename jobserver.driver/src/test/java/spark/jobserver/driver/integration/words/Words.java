package spark.jobserver.driver.integration.words;

/** In a bundle of its own, which the factory's bundle needs. */
public final class Words {
  private Words() {}

  public static String applicationId() {
    return "words-1";
  }
}
