package spark.jobserver.rest;

import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import spark.jobserver.api.JobState;

/**
 * How far a client has followed a job: what the ids of events say.
 *
 * @param state the state it was told last; empty before the first
 * @param offset up to which byte it has the log
 */
record EventPlace(Optional<JobState> state, long offset) {
  private static final Pattern ID = Pattern.compile("([A-Z]+)-(\\d{1,18})");
  private static final EventPlace START = new EventPlace(Optional.empty(), 0);

  /** The place after an event. An id that is none of ours is the beginning. */
  static EventPlace of(Optional<String> id) {
    return id.map(ID::matcher).filter(Matcher::matches).flatMap(EventPlace::read).orElse(START);
  }

  private static Optional<EventPlace> read(Matcher id) {
    for (JobState state : JobState.values()) {
      if (state.name().equals(id.group(1))) {
        return Optional.of(new EventPlace(Optional.of(state), Long.parseLong(id.group(2))));
      }
    }
    return Optional.empty();
  }

  /** Whether there is nothing more to tell. */
  boolean isEnd() {
    return state.filter(JobState::isFinal).isPresent();
  }

  EventPlace told(JobState next) {
    return new EventPlace(Optional.of(next), offset);
  }

  EventPlace read(long end) {
    return new EventPlace(state, end);
  }

  String id() {
    return state.orElse(JobState.RUNNING).name() + "-" + offset;
  }
}
