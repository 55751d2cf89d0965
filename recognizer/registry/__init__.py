"""Model versions: their files, which one answers, the gate, promotion and replay."""
