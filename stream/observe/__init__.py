"""What operations sees: metrics on their own port and thread."""
