package spark.jobserver.rest;

import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import spark.jobserver.api.Job;
import spark.jobserver.api.JobFilter;
import spark.jobserver.api.JobFilter.Place;
import spark.jobserver.api.JobState;

/**
 * What the query of a list of jobs says.
 *
 * @param query all of it
 * @param limit how many jobs at the most
 * @param since only jobs that started at this time or later
 * @param after only jobs after this place in the list
 */
record JobListRequest(Query query, int limit, Optional<Instant> since, Optional<Place> after) {
  private static final int DEFAULT_LIMIT = 50;

  /** A longer list is given in pages, whatever the limit. */
  private static final int LARGEST_PAGE = 10_000;

  private static final String AFTER = "after";
  private static final Set<String> FILTER =
      Set.of("limit", "status", "context", "classPath", "since");

  /** So that the header that leads to the next page is not too long for clients and proxies. */
  private static final int LONGEST_FILTER = 6_000;

  private static final Pattern PLACE = Pattern.compile("(\\d{1,15})-([0-9a-f-]{1,64})");

  /** The states that clients know; a job that was only just started counts as running. */
  private static final List<JobState> SHOWN =
      List.of(JobState.RUNNING, JobState.FINISHED, JobState.ERROR, JobState.KILLED);

  /**
   * Reads a query.
   *
   * @throws Rejection naming the parameter that is malformed
   */
  static JobListRequest of(Query query) {
    int limit = Math.min(query.wholeNumber("limit").orElse(DEFAULT_LIMIT), LARGEST_PAGE);
    if (written(filter(query)).length() > LONGEST_FILTER) {
      throw new Rejection(
          400, "The filter is too long: encoded it may have " + LONGEST_FILTER + " characters.");
    }
    return new JobListRequest(
        query,
        limit,
        query.text("since").map(JobListRequest::time),
        query.text(AFTER).map(JobListRequest::place));
  }

  private static Instant time(String text) {
    try {
      // A plus sign in a query is a blank, unless it was encoded.
      Instant time = OffsetDateTime.parse(text.replace(' ', '+')).toInstant();
      return Instant.ofEpochMilli(time.toEpochMilli());
    } catch (DateTimeException | ArithmeticException e) {
      throw Query.malformed("since", text, "a time such as 2026-01-31T23:59:59Z");
    }
  }

  private static Place place(String text) {
    Matcher place = PLACE.matcher(text);
    if (!place.matches()) {
      throw Query.malformed(AFTER, text, "a place from the header Link of a page before");
    }
    return new Place(Instant.ofEpochMilli(Long.parseLong(place.group(1))), place.group(2));
  }

  /** Which jobs are asked for; empty when there can be none, as for a state that does not exist. */
  Optional<JobFilter> filter() {
    Optional<String> status = query.text("status");
    Set<JobState> states =
        SHOWN.stream()
            .filter(state -> status.map(state.name()::equalsIgnoreCase).orElse(true))
            .collect(Collectors.toSet());
    return states.isEmpty()
        ? Optional.empty()
        : Optional.of(
            new JobFilter(
                states,
                query.text("context"),
                query.text("classPath"),
                since,
                after,
                Optional.empty()));
  }

  /** The header that leads to the jobs after this one (RFC 8288). */
  String next(Job last) {
    Map<String, String> parameters = filter(query);
    parameters.put(AFTER, last.startTime().toEpochMilli() + "-" + last.id());
    return "</jobs?" + written(parameters) + ">; rel=\"next\"";
  }

  /** What the query says that goes on to the next page. */
  private static Map<String, String> filter(Query query) {
    Map<String, String> filter = new LinkedHashMap<>(query.all());
    filter.keySet().retainAll(FILTER);
    return filter;
  }

  private static String written(Map<String, String> parameters) {
    return parameters.entrySet().stream()
        .map(entry -> entry.getKey() + "=" + encoded(entry.getValue()))
        .collect(Collectors.joining("&"));
  }

  private static String encoded(String text) {
    return URLEncoder.encode(text, StandardCharsets.UTF_8);
  }
}
