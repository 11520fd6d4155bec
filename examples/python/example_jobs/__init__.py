"""Examples of jobs."""
