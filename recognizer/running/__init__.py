"""The processes of a site: start checks, health, the supervisor and shutdown."""
