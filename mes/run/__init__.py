"""`python -m mes.run`: the whole of OneLot in the foreground, with its servers when none are given.

It is what `make run` calls. Read `house` for the order of things, `preparation` for what happens
before the first request, and `children` for how the programs are kept.
"""
