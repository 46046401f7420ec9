"""Two-turn documents (dual-phase recipe, arXiv 2601.05616): answer, transition, second answer, summary; classes and balance.

`turns` what each turn asks, `documents` what is kept of what came, `chain` the course of one problem, `report` what is shown.
"""
