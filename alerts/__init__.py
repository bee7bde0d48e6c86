"""The alerts room: who is told what, when, and through which channel.

``decide`` says whether an article is worth telling a watch's people, ``compose`` freezes what is told
into an alert and the rows of the outbox, ``dispatch`` carries those rows to people through ``email``
and ``webhook``. Deciding, wording, retrying and breaking off are pure functions; the two senders and the
dispatcher hold all input and output. The archive stays behind the protocol in ``outbox``.
"""
