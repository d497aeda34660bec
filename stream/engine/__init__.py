"""The lending engine: pure, standard library only. No clock, no I/O, no logging, no Kafka."""
