package spark.jobserver.rest;

import com.fasterxml.jackson.annotation.JsonProperty;

/**
 * The answer to the deletion of a job that had failed.
 *
 * @param status {@code ERROR}
 * @param error why the job had failed
 */
record DeletedJobReport(String status, @JsonProperty("ERROR") FailureReport error) {}
