"""What lies behind the receipts' scores: a heuristic, merchants seen and unseen in training, addresses, and what the text lacks.

Used by expert_table.py. Needs build/bench/ocr_quality.
"""
import json

from lab import BENCH, DATA, FIELDS, difference, markdown_table, mean, samples
from receipts import read_heuristic

RECEIPTS = DATA / "receipts"
SHOWN = ["base, its best prompt", "lora", "svf-0"]


def records(split):
    return json.loads((RECEIPTS / f"{split}.json").read_text(encoding="utf-8"))["data"]


def merchant(company):
    return "".join(letter.upper() for letter in company if letter.isalpha())


def texts(lab, setting):
    """A folder with the text of every test page."""
    if setting == "text":
        return RECEIPTS / "transcripts"
    out = lab.path("ocr-text")
    lab.run("ocr-text", out, BENCH / "ocr_quality", RECEIPTS, "test", "--dump", out)
    return out


def field_means(rows):
    return {field: mean(row["score"] for row in rows if row.get("field") == field) for field in [*FIELDS, "address"]}


def cells(means):
    return [*(f"{means[field]:.3f}" for field in [*FIELDS, "address"]), f"**{mean(means[field] for field in FIELDS):.3f}**"]


def field_lines(lab, runs, setting):
    rules = read_heuristic(RECEIPTS, "test", None if setting == "text" else texts(lab, setting))
    return markdown_table([setting, *FIELDS, "address", "company, date, total"],
                          [*([name, *cells(field_means(samples(runs[name])))] for name in SHOWN), ["heuristic", *cells(rules)]])


def merchant_lines(lab, runs, setting):
    """By whether a receipt's merchant also occurs in train.json."""
    known = {merchant(record["answers"][0]) for record in records("train") if record["field"] == "company"}
    seen_pages = {record["docId"]: merchant(record["answers"][0]) in known for record in records("test") if record["field"] == "company"}
    groups = {str(record["questionId"]): "seen" if seen_pages[record["docId"]] else "unseen"
              for record in records("test") if record["docId"] in seen_pages}
    file = lab.path("merchants.json")
    file.write_text(json.dumps(groups), encoding="utf-8")
    table = []
    for name in SHOWN:
        rows = [row for row in samples(runs[name]) if row["field"] in FIELDS]
        means = [mean(row["score"] for row in rows if groups.get(row["id"]) == kind) for kind in ("seen", "unseen")]
        against = "" if name == "svf-0" else difference(runs[name], runs["svf-0"], FIELDS, file, "unseen")
        table.append([name, f"{means[0]:.3f}", f"{means[1]:.3f}", against])
    pages = list(seen_pages.values())
    return markdown_table([setting, "seen merchants", "unseen merchants", "`svf-0` against it, unseen"], table) + ["", f"{sum(pages)} pages of merchants that train.json has, {len(pages) - sum(pages)} of others."]


def folded(text):
    return "".join(text.lower().split())


def presence_lines(lab, runs, setting):
    """How often the reference stands in the text at all (case and white space folded), and the scores on either side."""
    folder = texts(lab, setting)
    where = {str(record["questionId"]): any(folded(answer) in folded((folder / f"{record['docId']:03}.txt").read_text(encoding="utf-8"))
                                            for answer in record["answers"]) for record in records("test")}
    table = []
    for field in [*FIELDS, "address"]:
        rows = [row for row in samples(runs["svf-0"]) if row["field"] == field]
        inside = [row["score"] for row in rows if where[row["id"]]]
        outside = [row["score"] for row in rows if not where[row["id"]]]
        lost = sum(1 - score for score in outside) / len(rows)
        shown = [f"{mean(scores):.3f}" if scores else "–" for scores in (inside, outside)]
        table.append([field, f"{len(inside)} of {len(rows)}", *shown, f"{lost:.3f}"])
    return markdown_table([setting, "reference in the text", "score where it is", "score where it is not", "lost to that"], table)


def lines(lab, runs_of):
    """Markdown; `runs_of[setting]` are the runs of the table by the names of their rows."""
    out = ["## Receipts in detail", "", "`document` is trained for company, date and total; the address is reported beside.", ""]
    for part in (field_lines, merchant_lines, presence_lines):
        for setting, runs in runs_of.items():
            out += [*part(lab, runs, setting), ""]
    return out
