"""Plots as SVG, drawn as zlens draws its own: readable on light and on dark pages, and from nothing but themselves."""
import html

STYLE = """<style>
.plot { --ink: #1b1f24; --soft: #626b78; --line: #e3e7ec; font: 12px system-ui, sans-serif; }
@media (prefers-color-scheme: dark) { .plot { --ink: #e6e9ed; --soft: #9aa4b1; --line: #2e343c; } }
.plot text { fill: var(--ink); } .plot .soft { fill: var(--soft); } .plot .title { font-weight: 600; }
.plot .grid { stroke: var(--line); } .plot .whisker { stroke: var(--ink); stroke-width: 1.5; } .plot .bar { opacity: 0.75; }
</style>"""
COLORS = ["#626b78", "#c2570c", "#2f5fd0", "#1a7f4b", "#8a3fa8", "#b3266b", "#00788a"]
WIDTH, LABELS, VALUES, ROW, HEAD = 760, 230, 60, 22, 30


def element(name, text=None, **attributes):
    words = "".join(f' {key.rstrip("_").replace("_", "-")}="{html.escape(str(value))}"' for key, value in attributes.items())
    return f"<{name}{words}/>" if text is None else f"<{name}{words}>{html.escape(text)}</{name}>"


def bar(label, estimate, x, y, color):
    """One row: a bar up to the mean, a whisker over the interval, the value at the right."""
    middle = y + ROW / 2
    low, high = x(estimate["low"]), x(estimate["high"])
    out = [element("text", label, x=LABELS - 10, y=middle + 4, text_anchor="end"),
           element("rect", class_="bar", x=LABELS, y=y + 4, width=f"{x(estimate['mean']) - LABELS:.1f}", height=ROW - 8, fill=color),
           element("text", f"{estimate['mean']:.3f}", class_="soft", x=WIDTH - 8, y=middle + 4, text_anchor="end")]
    for x1, y1, x2, y2 in ((low, middle, high, middle), (low, middle - 4, low, middle + 4), (high, middle - 4, high, middle + 4)):
        out.append(element("line", class_="whisker", x1=f"{x1:.1f}", y1=y1, x2=f"{x2:.1f}", y2=y2))
    return out


def bars(title, groups):
    """Scores from 0 to 1 with intervals. `groups`: (name, [(label, {"mean", "low", "high"})]); a label has one color throughout."""
    labels = list(dict.fromkeys(label for _, rows in groups for label, _ in rows))
    x = lambda value: LABELS + (WIDTH - VALUES - LABELS) * min(max(value, 0), 1)
    height = sum(HEAD + ROW * len(rows) for _, rows in groups) + 28
    out = [element("line", class_="grid", x1=f"{x(tick / 5):.1f}", y1=8, x2=f"{x(tick / 5):.1f}", y2=height - 22) for tick in range(6)]
    out += [element("text", f"{tick / 5:.1f}", class_="soft", x=f"{x(tick / 5):.1f}", y=height - 6, text_anchor="middle") for tick in range(6)]
    y = 0
    for name, rows in groups:
        out.append(element("text", name, class_="title", x=8, y=y + 20))
        y += HEAD
        for label, estimate in rows:
            out += bar(label, estimate, x, y, COLORS[labels.index(label) % len(COLORS)])
            y += ROW
    return (f'<svg xmlns="http://www.w3.org/2000/svg" class="plot" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}" role="img">'
            + f"<title>{html.escape(title)}</title>" + STYLE + "".join(out) + "</svg>\n")
