"""The archive: domain types, one SQLite database, migrations, queries and full-text search.

Others use :mod:`storage.types` for values, :mod:`storage.database` to open the archive, and one
module a subject (``sources``, ``entries``, ``articles``, ``stories``, ``alerts``, ``deliveries``,
``silences``, ``search``, ``reading``) whose functions take the open database first. No SQL stands
outside this package, and it imports nothing of ours.
"""
