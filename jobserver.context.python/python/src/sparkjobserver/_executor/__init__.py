"""What runs on executors besides what jobs bring. Its modules travel as files of their own."""
