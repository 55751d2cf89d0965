"""Load without pause while parts are killed: is anything lost?"""
