"""The contract: one module per topic, the catalogue of topics, and what is generated from them.

The pydantic models are the one source. JSON Schemas under `published/` are generated (`python -m schemas export`),
and the examples under `examples/` are held to both by the tests.
"""
