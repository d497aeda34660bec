"""Faults on real Kafka: processes are killed and stopped under load, and the oracle judges what came out.

`python -m tests.faults --help` is the long run by hand; `test_faults_short.py` is the short one of the test suite.
"""
