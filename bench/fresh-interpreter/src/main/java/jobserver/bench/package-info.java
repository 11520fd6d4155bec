/** For benchmarks only: jobs in fresh interpreters. */
package jobserver.bench;
