"""The crawler: the press as articles.

It runs in a process of its own (``python -m crawler``), keeps no state and never opens the archive: an
order goes in, a result or a named failure comes out. Others use

* :class:`crawler.client.CrawlerProcess` to start, watch and ask that process, and
  :func:`crawler.client.fetch_once` for one page;
* :class:`crawler.settings.CrawlerSettings` to configure it;
* :func:`crawler.extract.extract_page` to read a page that is already at hand;
* :func:`crawler.feeds.parse_feed` to read a feed that is already at hand;
* :func:`crawler.urls.article_key` for the identity of an article's address;
* :func:`crawler.catalogue.catalogue` for the built-in sources.

Everything else is private to the package. Scrapy and trafilatura are imported only where they are
used, so that importing the client stays cheap.
"""
