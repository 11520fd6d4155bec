"""The processes that run jobs beside a Spark driver. Private: job authors import nothing of it."""
