"""Finding records: one analyser of ours, one plan of a query, two engines that store and score.

`query.find` asks; `feeding` keeps the index equal to the rows; `index.py` is the promise of an engine.
"""
