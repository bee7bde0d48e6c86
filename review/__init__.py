"""The review page: what analysts see of the archive, as pages and as a JSON interface.

:func:`review.app.create_app` builds the application from :class:`review.settings.ReviewSettings`;
:func:`review.server.serve` runs it inside the owner's event loop. Everything here only reads.
"""
