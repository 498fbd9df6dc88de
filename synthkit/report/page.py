"""A report as one HTML file: no network, no markup from data, and no script but ours."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from markupsafe import Markup

from synthkit.report import words
from synthkit.report.captions import legible
from synthkit.report.themes import PAGE, PAPER, theme

_FILES = "synthkit.report"
NIGHT = {
    "ink": "#ECECEC",
    "soft": "#B0B5BB",
    "faint": "#3A3F45",
    "real": "#7FA8D9",
    "synthetic": "#FF9A4D",
    "holdout": "#58D6AE",
    "only": "#7FA8D9",
}


def html(template: str, charts: Mapping[str, Mapping[str, Any]], **values: Any) -> str:
    """The page of a template, with the charts that it names.

    Everything in ``values`` and in the charts is shown as text. Scripts and styles run by their hashes only, nothing
    may be fetched, and what interprets the charts compiles no code (Vega's ``ast`` mode).
    """
    scripts = [bundle(), _asset("report.js")]
    styles = [_colours(), _asset("report.css")]
    policy = [
        "default-src 'none'",
        f"script-src {' '.join(map(_hash, scripts))}",
        f"style-src {' '.join(map(_hash, styles))}",
        "base-uri 'none'",
        "form-action 'none'",
    ]
    return (
        _environment()
        .get_template(template)
        .render(
            policy="; ".join(policy),
            scripts=[Markup(script) for script in scripts],  # noqa: S704 - ours, and not of the data
            styles=[Markup(style) for style in styles],  # noqa: S704 - the same
            data=_data({"charts": charts, "theme": theme(PAGE)}),
            **values,
        )
    )


def markdown(template: str, **values: Any) -> str:
    """The Markdown of a template; what could be taken for markup in ``values`` is escaped by its filter ``md``."""
    return _environment().get_template(template).render(**values)


@cache
def bundle() -> str:
    """The script that draws charts: Vega, Vega-Lite and Vega-Embed, as the converter brings them."""
    import vl_convert  # noqa: PLC0415 - heavy

    text: str = vl_convert.javascript_bundle("window.vegaEmbed = vegaEmbed;")
    return text.replace("</script", "<\\/script").replace("<!--", "<\\!--")


def own_words() -> bytes:
    """All that synthkit itself writes into any report: what occurs in here was not taken from data."""
    package = resources.files(_FILES)
    files = [*package.iterdir(), *package.joinpath("templates").iterdir()]
    texts = [file.read_text("utf-8") for file in files if file.is_file()]
    return "\n".join([*texts, bundle()]).encode()


@cache
def _environment() -> Environment:
    made = Environment(
        loader=PackageLoader(_FILES),
        autoescape=select_autoescape(("html.j2",), default=False),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters |= {"figure": words.figure, "limit": words.limit, "margin": words.margin, "md": escaped}
    made.filters |= {"legible": legible, "words": words.words}
    return made


def escaped(text: object) -> str:
    r"""The text on one line, with all that Markdown or HTML in it could mean taken away.

    Example:
        >>> escaped("a|b <i>*c*</i>")
        'a\\|b &lt;i&gt;\\*c\\*&lt;/i&gt;'
    """
    plain = legible(str(text)).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return "".join(f"\\{c}" if c in "\\`*_{}[]|#~!" else c for c in plain)


def _asset(name: str) -> str:
    return resources.files(_FILES).joinpath("templates", name).read_text("utf-8")


def _hash(content: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()}'"


def _colours() -> str:
    """The colours by name, for day and night; paper is always day."""
    day, night = (";".join(f"--{name}:{value}" for name, value in each.items()) for each in (PAPER, NIGHT))
    return f":root{{{day}}}@media screen and (prefers-color-scheme:dark){{:root{{{night};--ground:#16191D}}}}"


def _data(content: Any) -> Markup:
    """JSON that may stand within a script element, whatever is in it."""
    text = json.dumps(content, separators=(",", ":"), allow_nan=False)
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return Markup(text)  # noqa: S704 - nothing in it can end the element
