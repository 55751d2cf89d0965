"""Is a release replaced, and rolled back, without a failed request?"""
