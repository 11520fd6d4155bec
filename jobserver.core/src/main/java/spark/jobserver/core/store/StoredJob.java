package spark.jobserver.core.store;

import java.util.Optional;
import spark.jobserver.api.Content;
import spark.jobserver.api.Job;
import spark.jobserver.api.dao.JobInput;

/** A job with all that a store has of it. */
record StoredJob(Job job, JobInput input, Optional<Content> result, boolean killWished) {}
