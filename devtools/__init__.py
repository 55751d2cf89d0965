"""Real servers, browsers, hosts and sites for tests and benchmarks. Not in the image."""
