"""Contract to facts, findings to contract: the only code that knows both sides."""
