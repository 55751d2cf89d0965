"""Can a release be replaced and rolled back without a failed request?"""
