package spark.jobserver.api;

import static java.util.Objects.requireNonNull;

import java.time.Instant;
import java.util.Comparator;
import java.util.Optional;
import java.util.Set;

/**
 * Which jobs a list shall have. Lists are by start time and then by id, the latest first.
 *
 * @param states only jobs in one of these states
 * @param contextName only jobs of contexts with this name
 * @param classPath only jobs with this class path
 * @param since only jobs that started at this time or later
 * @param after only jobs that come after this place in the list
 * @param owner only jobs that this caller has submitted
 */
public record JobFilter(
    Set<JobState> states,
    Optional<String> contextName,
    Optional<String> classPath,
    Optional<Instant> since,
    Optional<Place> after,
    Optional<String> owner) {

  /** Lets all jobs through. */
  public static final JobFilter ALL =
      new JobFilter(
          Set.of(JobState.values()),
          Optional.empty(),
          Optional.empty(),
          Optional.empty(),
          Optional.empty(),
          Optional.empty());

  public JobFilter {
    states = Set.copyOf(states);
    requireNonNull(contextName, "contextName");
    requireNonNull(classPath, "classPath");
    requireNonNull(since, "since");
    requireNonNull(after, "after");
    requireNonNull(owner, "owner");
  }

  /** This filter, for jobs in one of these states only. */
  public JobFilter in(JobState... only) {
    return new JobFilter(Set.of(only), contextName, classPath, since, after, owner);
  }

  /** This filter, for jobs after a place in the list only. */
  public JobFilter after(Place place) {
    return new JobFilter(states, contextName, classPath, since, Optional.of(place), owner);
  }

  /** This filter, for jobs of one caller only. */
  public JobFilter of(String caller) {
    return new JobFilter(states, contextName, classPath, since, after, Optional.of(caller));
  }

  /** Whether it lets a job through. */
  public boolean test(Job job) {
    return states.contains(job.state())
        && contextName.map(job.contextName()::equals).orElse(true)
        && classPath.map(job.classPath()::equals).orElse(true)
        && since.map(time -> !job.startTime().isBefore(time)).orElse(true)
        && owner.map(job.owner()::equals).orElse(true)
        && after.map(place -> Place.of(job).compareTo(place) < 0).orElse(true);
  }

  /**
   * Where a job stands in a list. What is less comes later in the list.
   *
   * @param startTime when the job was submitted
   * @param id its id
   */
  public record Place(Instant startTime, String id) implements Comparable<Place> {
    private static final Comparator<Place> ORDER =
        Comparator.comparing(Place::startTime).thenComparing(Place::id);

    /** The place of this job. */
    public static Place of(Job job) {
      return new Place(job.startTime(), job.id());
    }

    @Override
    public int compareTo(Place other) {
      return ORDER.compare(this, other);
    }
  }
}
