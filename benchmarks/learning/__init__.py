"""Does the site learn from its users?"""
