"""Fills the package's templates: the text and the HTML of a mail."""

from __future__ import annotations

from collections.abc import Mapping
from email.message import EmailMessage
from functools import cache
from pathlib import Path

import jinja2

from alerts.errors import RenderError


def fill_mail(message: EmailMessage, name: str, values: Mapping[str, object], *, delivery_key: str) -> bytes:
    """Give a mail its text and its HTML, and return it as SMTP carries it, the same bytes on every attempt.

    Args:
        message: with its headers.
        name: of the two templates, ``NAME.txt.j2`` and ``NAME.html.j2``.
        values: what they show.
        delivery_key: identity of the delivery, which makes the boundary.

    Raises:
        RenderError: a template and the values do not fit together.
    """
    message.set_content(render(f"{name}.txt.j2", **values), cte="quoted-printable")
    message.add_alternative(render(f"{name}.html.j2", **values), subtype="html", cte="quoted-printable")
    message.set_boundary(f"vigie-{delivery_key}")
    return message.as_bytes()


@cache
def _templates() -> jinja2.Environment:
    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).with_name("templates")),
        autoescape=jinja2.select_autoescape(enabled_extensions=("html.j2",), default=False),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )


def render(template: str, **values: object) -> str:
    """Fill one of the package's templates; values are data and never become template code.

    Raises:
        RenderError: the template and the values do not fit together.
    """
    try:
        return _templates().get_template(template).render(**values)
    except (jinja2.TemplateError, TypeError, ValueError, LookupError, AttributeError) as error:
        raise RenderError(f"{template} could not be filled: {error}") from error
