"""From the click on *Retrain* to the registered version."""
