"""Do several hosts make one site?"""
