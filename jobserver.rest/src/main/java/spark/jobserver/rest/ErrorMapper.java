package spark.jobserver.rest;

import jakarta.ws.rs.NotAllowedException;
import jakarta.ws.rs.WebApplicationException;
import jakarta.ws.rs.core.HttpHeaders;
import jakarta.ws.rs.core.Response;
import jakarta.ws.rs.ext.ExceptionMapper;
import java.util.Optional;
import java.util.UUID;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.jakartars.whiteboard.propertytypes.JakartarsExtension;
import org.osgi.service.jakartars.whiteboard.propertytypes.JakartarsName;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import spark.jobserver.api.Failure;
import spark.jobserver.api.server.ErrorCode;
import spark.jobserver.api.server.ErrorCode.Fault;
import spark.jobserver.api.server.JobserverException;

/**
 * Turns whatever is thrown into an answer. What the core says has a status, a word and a shape for
 * each {@link ErrorCode}; what the framework refuses is plain text; and for what nobody expected
 * the answer has an incident's id, under which the log has the rest. No caller sees a stack trace
 * of the server; those of a job or a driver are for the caller.
 */
@Component(service = ExceptionMapper.class)
@JakartarsExtension
@JakartarsName(ErrorMapper.NAME)
public final class ErrorMapper implements ExceptionMapper<Throwable> {
  static final String NAME = "jobserver.errors";

  /** By this a resource says that it is not to be seen before its errors can be told. */
  static final String SELECT = "(osgi.jakartars.name=" + NAME + ")";

  /** The header that carries an incident's id, for the bodies that have no place for it. */
  static final String INCIDENT_HEADER = "Incident-Id";

  private static final Logger LOG = LoggerFactory.getLogger(ErrorMapper.class);

  @Override
  public Response toResponse(Throwable error) {
    return answer(error);
  }

  /** The answer that tells this error. */
  static Response answer(Throwable error) {
    Optional<Rejection> rejection = Rejection.in(error);
    if (rejection.isPresent()) {
      return Answer.text(rejection.get().status(), rejection.get().getMessage());
    }
    if (error instanceof JobserverException expected) {
      return expected(expected);
    }
    if (error instanceof WebApplicationException framework) {
      return framework(framework);
    }
    if (error instanceof RouteFailure failure) {
      return unexpected(failure.status(), failure.text(), failure.getCause());
    }
    return unexpected("ERROR", Optional.empty(), error);
  }

  private static Response expected(JobserverException error) {
    Form form = Form.of(error.code());
    Response answer = expected(error, form);
    return form.status() == 503
        ? Response.fromResponse(answer)
            .header(HttpHeaders.RETRY_AFTER, retryAfter(error.code()))
            .build()
        : answer;
  }

  /** After how many seconds it may be worth while to try again. */
  private static int retryAfter(ErrorCode code) {
    return switch (code) {
      case NO_SLOTS -> 1;
      case TOO_MANY_CONTEXTS -> 10;
      default -> 2;
    };
  }

  private static Response expected(JobserverException error, Form form) {
    if (error.code().fault() == Fault.SERVER && error.getCause() != null) {
      return form.withException()
          ? unexpected(form.status(), form.word(), error.getMessage(), error.getCause())
          : unexpected(form.status(), new Message(form.word(), error.getMessage()), error);
    }
    if (!form.withException()) {
      return Answer.of(form.status(), new Message(form.word(), error.getMessage()));
    }
    Failure failure = error.failure().orElseGet(() -> Failure.of(error.getMessage()));
    return Answer.of(form.status(), new ErrorReport(form.word(), FailureReport.of(failure)));
  }

  private static Response framework(WebApplicationException error) {
    Response response = error.getResponse();
    int status = response.getStatus();
    if (status < 400) {
      return response;
    }
    String text =
        switch (status) {
          case 404 -> "The requested resource could not be found.";
          case 405 -> "HTTP method not allowed, supported methods: " + allowed(response);
          default -> status + " " + response.getStatusInfo().getReasonPhrase();
        };
    if (status >= 500) {
      LOG.warn("answered {}", text, error);
    }
    Response.ResponseBuilder answer = Response.fromResponse(Answer.text(status, text));
    if (error instanceof NotAllowedException) {
      answer.header(HttpHeaders.ALLOW, allowed(response));
    }
    return answer.build();
  }

  private static String allowed(Response response) {
    return String.join(", ", response.getAllowedMethods().stream().sorted().toList());
  }

  private static Response unexpected(String word, Optional<String> text, Throwable error) {
    return text.isPresent()
        ? unexpected(500, new Message(word, text.get()), error)
        : unexpected(500, word, "The server met an error that it did not expect", error);
  }

  private static Response unexpected(int status, Message message, Throwable error) {
    String incident = logged(error);
    return withIncident(Answer.of(status, message), incident);
  }

  private static Response unexpected(int status, String word, String message, Throwable error) {
    String incident = logged(error);
    FailureReport report =
        new FailureReport(
            message + " (incident " + incident + ": the server's log has the rest)",
            error.getClass().getName(),
            "");
    return withIncident(Answer.of(status, new ErrorReport(word, report)), incident);
  }

  private static String logged(Throwable error) {
    String incident = UUID.randomUUID().toString();
    LOG.error("incident {}", incident, error);
    return incident;
  }

  private static Response withIncident(Response answer, String incident) {
    return Response.fromResponse(answer).header(INCIDENT_HEADER, incident).build();
  }

  /**
   * How an error is told.
   *
   * @param status the HTTP status
   * @param word the value of {@code status} in the body
   * @param withException whether {@code result} is an exception; else it is the message
   */
  private record Form(int status, String word, boolean withException) {
    static Form of(ErrorCode code) {
      return switch (code) {
        case BINARY_FORMAT, CONTEXT_NAME, CONTEXT_EXISTS, CONFIG, CALLBACK, DATA_NOT_FOUND ->
            text(400);
        case PACKAGES -> new Form(400, "JOB LOADING FAILED", true);
        case BINARY_IN_USE, BINARY_OF_OTHERS, IMPERSONATION, PLUGINS_FIXED -> text(403);
        case BINARY_NOT_FOUND,
            CONTEXT_NOT_FOUND,
            JOB_NOT_FOUND,
            JOB_NOT_RUNNING,
            CLASS_NOT_FOUND,
            PLUGIN_NOT_FOUND ->
            text(404);
        case CONTEXT_STOPPING, JOB_NOT_FINISHED -> text(409);
        case KEY_USED, PLUGIN_REFUSED -> text(422);
        case UNAVAILABLE, TOO_MANY_CONTEXTS -> text(503);
        case NO_ROOM -> text(507);
        case NO_SLOTS -> new Form(503, "NO SLOTS AVAILABLE", false);
        case VALIDATION -> new Form(400, "VALIDATION FAILED", true);
        case AD_HOC_INIT -> new Form(500, "CONTEXT INIT FAILED", true);
        case CONTEXT_INIT -> new Form(500, "CONTEXT INIT ERROR", true);
        case STORAGE -> new Form(500, "Storage Failure", true);
        case TIMEOUT -> new Form(500, "ERROR", true);
      };
    }

    private static Form text(int status) {
      return new Form(status, "ERROR", false);
    }
  }
}
