"""How things are said: numbers, labels, messages and the texts of scripts."""
