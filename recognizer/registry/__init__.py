"""Model versions: their files, the active one, the gate, promotion and replay."""
