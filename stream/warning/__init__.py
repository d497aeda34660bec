"""Early warning, pure: a borrower's loans side by side, rules, score, and when to speak. No I/O, no clock."""
