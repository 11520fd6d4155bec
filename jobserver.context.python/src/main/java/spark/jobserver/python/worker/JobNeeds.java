package spark.jobserver.python.worker;

import com.fasterxml.jackson.databind.node.ObjectNode;

/**
 * What the jobs of a context need of it: the same for all of them.
 *
 * @param words what a worker is told of every job of the context
 * @param reuse whether a worker may run another job after one
 */
record JobNeeds(
    Workers workers,
    SparkProgress progress,
    Shipments shipments,
    Results results,
    LastWords lastWords,
    ObjectNode words,
    boolean reuse) {}
