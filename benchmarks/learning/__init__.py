"""Does the site learn from its people?"""
