"""What runs on one machine: a local Kafka broker without Docker, and a sample portfolio."""
