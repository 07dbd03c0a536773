"""As much of Markdown as the contract's descriptions use: paragraphs, lists, and code in a line."""

import re

from markupsafe import Markup, escape


def html(text: str) -> Markup:
    """Return a description as HTML; what is none of these stays as it is written."""
    return Markup("\n").join(_block(block) for block in re.split(r"\n\s*\n", text.strip()))


def _block(text: str) -> Markup:
    items = re.split(r"^- ", text, flags=re.MULTILINE)
    paragraph = Markup("<p>{}</p>").format(_inline(items[0])) if items[0].strip() else Markup()
    if len(items) == 1:
        return paragraph
    return paragraph + Markup("<ul>{}</ul>").format(
        Markup().join(Markup("<li>{}</li>").format(_inline(item)) for item in items[1:])
    )


def _inline(text: str) -> Markup:
    return Markup(re.sub("`([^`]+)`", r"<code>\1</code>", str(escape(text.strip()))))  # noqa: S704 - escaped just now
