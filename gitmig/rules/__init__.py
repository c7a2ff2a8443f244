"""What revisions did, judged: the rules, their documentation, and the waivers in the files.

Pure. ``judge.judge`` takes what ran and gives findings; ``registry`` lists the rules, one family a
file; ``codes`` also knows the codes of the gates.
"""
