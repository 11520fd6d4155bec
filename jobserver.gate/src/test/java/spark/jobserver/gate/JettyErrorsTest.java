package spark.jobserver.gate;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Optional;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class JettyErrorsTest {
  @ParameterizedTest
  @CsvSource({
    "400, No Host, The request was malformed: No Host",
    "400, Bad Request, The request was malformed.",
    "400,, The request was malformed.",
    "404, Not Found, The requested resource could not be found.",
    "414, URI Too Long, 414 URI Too Long",
    "505, Unknown Version, 505 HTTP Version Not Supported: Unknown Version"
  })
  void anErrorIsASentence(int status, String reason, String sentence) {
    assertThat(JettyErrors.sentence(status, Optional.ofNullable(reason))).isEqualTo(sentence);
  }
}
