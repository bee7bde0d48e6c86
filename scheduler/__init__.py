"""When everything runs: the clock, and the jobs that carry an article through the rooms.

The front door uses :class:`scheduler.service.Service` (``run`` and ``run_once``) and
:class:`scheduler.pipeline.Pipeline`, the one path an article takes, whoever brought it.
"""
