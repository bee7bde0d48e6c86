"""The demo newsroom: invented outlets replay a crisis on 127.0.0.1, with an inbox and a webhook receiver.

Nothing here leaves the machine. Outlets, journalists and articles are invented; states, capitals and
institutions are real. ``outlets.toml`` names the outlets, ``articles/*.toml`` holds what they publish,
``pages/`` how each of them prints it.
"""
