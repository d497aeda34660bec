"""The task runtime over a simulated Kafka that fails wherever it is asked something: deterministic, in virtual time.

Real: task manager, opening and restore, tasks, queues and merge, batches, the writers of record batches, the producer
of a task, the fetch loop. Simulated: aiokafka's clients and what lies behind them (logs, transactions, fencing, aborts,
last stable offsets), Faust's consumer and conductor, time. Not simulated: retries inside aiokafka, the group protocol.
"""
