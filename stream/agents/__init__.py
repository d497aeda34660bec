"""What the agents do with a batch: bytes, facts, engine, table, alerts and standings. No lending rule is in here."""
