"""A report as sections of texts, tables and figures: written as Markdown with its drawings beside it, and as one HTML page."""
import base64
import dataclasses
import html
import re

from lab import markdown_table
from paper_data import write_whole


@dataclasses.dataclass
class Table:
    head: list
    rows: list


@dataclasses.dataclass
class Figure:
    name: str  # of the file
    svg: str
    caption: str


@dataclasses.dataclass
class Section:
    title: str
    blocks: list  # texts (with `code`, **bold** and [links](at)), tables, figures


STYLE = """
:root { color-scheme: light dark; --bg: #f6f7f9; --card: #fff; --ink: #1b1f24; --soft: #626b78; --line: #dfe3e8; --accent: #2f5fd0; }
@media (prefers-color-scheme: dark) { :root { --bg: #13161a; --card: #1c2026; --ink: #e6e9ed; --soft: #9aa4b1; --line: #2e343c; --accent: #86a8ff; } }
body { background: var(--bg); color: var(--ink); font: 15px/1.5 system-ui, sans-serif; margin: 0 auto; max-width: 1080px; padding: 24px; }
section { background: var(--card); border: 1px solid var(--line); border-radius: 8px; padding: 4px 20px 16px; margin: 18px 0; }
nav a { margin-right: 14px; } a { color: var(--accent); } code { font-size: 0.9em; }
.wide { overflow-x: auto; } table { border-collapse: collapse; font-size: 13.5px; margin: 12px 0; }
th, td { border-bottom: 1px solid var(--line); padding: 5px 10px; text-align: left; vertical-align: top; font-variant-numeric: tabular-nums; }
th { color: var(--soft); font-weight: 600; } figure { margin: 16px 0; } figure img { max-width: 100%; } figcaption { color: var(--soft); font-size: 13.5px; }
"""


def markdown(title, sections, figures):
    """The lines of a page whose drawings stand in the folder `figures`, by its name."""
    lines = [f"# {title}"]
    for section in sections:
        lines += ["", f"## {section.title}"]
        for block in section.blocks:
            if isinstance(block, Table):
                block_lines = markdown_table(block.head, block.rows)
            elif isinstance(block, Figure):
                block_lines = [f"![{block.caption}]({figures}/{block.name}.svg)"]
            else:
                block_lines = [block]
            lines += ["", *block_lines]
    return "\n".join(lines) + "\n"


def marked(text):
    """Markdown's `code`, **bold** and [links](at) within a line."""
    text = html.escape(str(text), quote=False)
    text = re.sub(r"`([^`]+)`", r"<code>\1</code>", text)
    text = re.sub(r"\*\*([^*]+)\*\*", r"<b>\1</b>", text)
    return re.sub(r"\[([^\]]+)\]\(([^)\s]+)\)", r'<a href="\2">\1</a>', text)


def html_block(block):
    if isinstance(block, Table):
        row = lambda cells, tag: "<tr>" + "".join(f"<{tag}>{marked(cell)}</{tag}>" for cell in cells) + "</tr>\n"
        return '<div class="wide"><table>' + row(block.head, "th") + "".join(row(cells, "td") for cells in block.rows) + "</table></div>\n"
    if isinstance(block, Figure):
        # As pictures of their own, so that the styles of one drawing do not reach the next.
        data = base64.b64encode(block.svg.encode()).decode()
        caption = html.escape(block.caption)
        return f'<figure><img alt="{caption}" src="data:image/svg+xml;base64,{data}"><figcaption>{caption}</figcaption></figure>\n'
    return f"<p>{marked(block)}</p>\n"


def page(title, sections):
    """One HTML page that needs nothing else."""
    links = "".join(f'<a href="#part{number}">{html.escape(section.title)}</a> ' for number, section in enumerate(sections))
    body = "".join(f'<section id="part{number}"><h2>{html.escape(section.title)}</h2>\n' + "".join(map(html_block, section.blocks)) + "</section>\n"
                   for number, section in enumerate(sections))
    return (f'<!doctype html>\n<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">\n<title>{html.escape(title)}</title>'
            f"<style>{STYLE}</style>\n<h1>{html.escape(title)}</h1>\n<nav>{links}</nav>\n{body}</html>\n")


def write_report(title, sections, markdown_file, html_file, linked=()):
    """`linked`: sections of the HTML page alone, which link to pages beside it."""
    folder = markdown_file.with_suffix("")
    for section in sections:
        for block in section.blocks:
            if isinstance(block, Figure):
                write_whole(folder / f"{block.name}.svg", block.svg)
    write_whole(markdown_file, markdown(title, sections, folder.name))
    write_whole(html_file, page(title, [*sections, *linked]))
