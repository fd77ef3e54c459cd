#include "eval/report_page.h"

#include "eval/drawing.h"
#include "eval/image_data.h"
#include "eval/texts.h"
#include "io/sha256.h"
#include "io/utf8.h"

namespace zlens {
namespace {

constexpr std::string_view kStyle = R"css(
:root { color-scheme: light dark; --bg: #f6f7f9; --card: #fff; --ink: #1b1f24; --soft: #626b78; --line: #dfe3e8; --accent: #2f5fd0;
  --right: #1a7f4b; --partial: #a86400; --wrong: #c0392b; --failed: #7d3cb5; --track: #e8ebef; }
@media (prefers-color-scheme: dark) { :root { --bg: #13161a; --card: #1c2026; --ink: #e6e9ed; --soft: #9aa4b1; --line: #2e343c;
  --accent: #86a8ff; --right: #52c98a; --partial: #e0a458; --wrong: #f0776a; --failed: #c393f2; --track: #2a3038; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--bg); color: var(--ink); font: 15px/1.5 system-ui, -apple-system, "Segoe UI", "Noto Sans", sans-serif; }
main { max-width: 1120px; margin: 0 auto; padding: 36px 24px 64px; }
h1 { font-size: 26px; line-height: 1.2; margin: 0; letter-spacing: -.01em; }
h2 { font-size: 17px; margin: 36px 0 12px; }
.soft, dt { color: var(--soft); }
.mono { font-family: ui-monospace, "SF Mono", "DejaVu Sans Mono", monospace; font-size: 13px; overflow-wrap: anywhere; }
.panel, .card { background: var(--card); border: 1px solid var(--line); border-radius: 10px; }
.panel { padding: 18px 22px; }
.top { display: flex; flex-wrap: wrap; gap: 12px 44px; align-items: end; margin-top: 20px; }
.top .score { font-size: 46px; line-height: 1; font-weight: 650; letter-spacing: -.02em; }
.top small { display: block; color: var(--soft); font-size: 13px; margin-bottom: 5px; }
.top b { font-size: 20px; font-weight: 600; }
.note { margin: 16px 0 0; padding: 10px 14px; border-left: 3px solid var(--partial); background: var(--card); }
table { border-collapse: collapse; width: 100%; }
th { text-align: left; font-weight: 500; color: var(--soft); font-size: 13px; }
th, td { padding: 7px 12px 7px 0; border-bottom: 1px solid var(--line); }
tr:last-child td { border-bottom: 0; }
.num { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
.bar { width: 46%; } .bar svg { display: block; width: 100%; height: 8px; border-radius: 4px; }
.bar .track { fill: var(--track); } .bar .fill { fill: var(--accent); }
details { margin-top: 36px; } details + details { margin-top: 12px; }
details summary { cursor: pointer; font-size: 17px; font-weight: 600; }
dl { display: grid; grid-template-columns: minmax(140px, 240px) 1fr; gap: 5px 18px; margin: 14px 0 2px; }
dd { margin: 0; min-width: 0; }
.filters { display: flex; flex-wrap: wrap; gap: 8px; position: sticky; top: 0; padding: 10px 0; background: var(--bg); z-index: 1; }
button { font: inherit; font-size: 14px; color: var(--ink); background: var(--card); border: 1px solid var(--line); border-radius: 99px;
  padding: 5px 15px; cursor: pointer; }
button[aria-pressed=true] { background: var(--ink); border-color: var(--ink); color: var(--bg); }
button:focus-visible, summary:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
.card { display: grid; grid-template-columns: 250px 1fr; margin: 0 0 14px; overflow: hidden; }
.card.text { grid-template-columns: 1fr; }
.pictures { background: var(--track); padding: 12px; }
.pictures img { display: block; max-width: 100%; height: auto; max-height: 380px; margin: 0 auto; border-radius: 4px; background: #fff; }
.pictures p { margin: 6px 0 8px; font-size: 12px; color: var(--soft); overflow-wrap: anywhere; }
.pictures .none { border: 1px dashed var(--soft); border-radius: 4px; padding: 18px 10px; text-align: center; }
.sample { padding: 13px 20px 13px 17px; border-left: 3px solid var(--kind); border-bottom: 1px solid var(--line);
  display: grid; grid-template-columns: 1fr auto; gap: 2px 20px; }
.sample:last-child { border-bottom: 0; }
.right { --kind: var(--right); } .partial { --kind: var(--partial); } .wrong { --kind: var(--wrong); } .failed { --kind: var(--failed); }
.unscored { --kind: var(--soft); }
.question { font-weight: 600; }
.mark { color: var(--kind); font-weight: 600; text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
.lines { grid-column: 1 / -1; display: grid; grid-template-columns: 84px 1fr; gap: 1px 12px; margin: 5px 0 0; }
.lines dd, .question { white-space: pre-wrap; overflow-wrap: anywhere; unicode-bidi: plaintext; }
.lines .answer { color: var(--kind); }
.meta { grid-column: 1 / -1; font-size: 12px; color: var(--soft); margin-top: 5px; overflow-wrap: anywhere; }
.panels { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 420px), 1fr)); gap: 14px; align-items: start; }
.panel h3 { font-size: 16px; margin: 0 0 2px; overflow-wrap: anywhere; } .panel p { margin: 8px 0 0; font-size: 13px; }
.panel p.above { margin: 2px 0 12px; } .panels.after { margin-top: 14px; }
.panel .top { gap: 8px 26px; margin: 8px 0 14px; } .panel .top small { font-size: 12px; margin-bottom: 1px; } .panel .top b { font-size: 17px; }
.panel .drawing { max-width: 620px; } .panel h3 + .drawing { margin-top: 12px; } .panel details { margin-top: 14px; } .panel details summary { font-size: 14px; }
.terms { grid-template-columns: 84px 1fr; font-size: 13px; }
.multiples { display: grid; grid-template-columns: 1fr 1fr; gap: 10px 14px; margin-top: 12px; }
.scroll { overflow-x: auto; } .scroll table { min-width: 560px; } .scroll td:first-child { white-space: nowrap; }
.gain { color: var(--right); } .loss { color: var(--wrong); } td.name { overflow-wrap: anywhere; }
.changed { padding: 12px 0; border-bottom: 1px solid var(--line); } .changed:last-child { border-bottom: 0; }
.changed .lines { grid-template-columns: 84px 1fr; } .changed .by { float: right; font-weight: 600; font-variant-numeric: tabular-nums; }
[hidden] { display: none !important; }
@media (max-width: 720px) { .card { grid-template-columns: 1fr; } main { padding: 20px 14px 40px; } .bar { width: 30%; }
  .panel { padding: 14px 14px; } .top { gap: 12px 28px; } }
@media print { .filters { display: none; } .card { break-inside: avoid; } }
)css";

constexpr std::string_view kScript = R"js(
const buttons = [...document.querySelectorAll('button[data-show]')];
const show = (kind) => {
  for (const button of buttons) button.setAttribute('aria-pressed', button.dataset.show === kind);
  for (const card of document.querySelectorAll('.card')) {
    let any = false;
    for (const sample of card.querySelectorAll('.sample')) {
      sample.hidden = kind !== 'all' && !sample.classList.contains(kind);
      any = any || !sample.hidden;
    }
    card.hidden = !any;
  }
};
for (const button of buttons) button.addEventListener('click', () => show(button.dataset.show));
)js";

std::string policy_hash(std::string_view text) {
  const std::string hex = sha256_hex(text);
  std::string bytes;
  const auto digit = [](char c) { return c <= '9' ? c - '0' : c - 'a' + 10; };
  for (std::size_t i = 0; i < hex.size(); i += 2) bytes += static_cast<char>(digit(hex[i]) * 16 + digit(hex[i + 1]));
  return "'sha256-" + base64(bytes) + "'";
}

std::string style() {
  return std::string(kStyle) + std::string(drawing_style());
}

}  // namespace

std::string html(std::string_view text) {
  std::string out;
  for (const char32_t c : to_utf32(text)) {
    const bool control = (c < 0x20 && c != '\n' && c != '\t') || (c >= 0x7F && c < 0xA0);
    switch (c) {
      case U'&':
        out += "&amp;";
        break;
      case U'<':
        out += "&lt;";
        break;
      case U'>':
        out += "&gt;";
        break;
      case U'"':
        out += "&quot;";
        break;
      case U'\'':
        out += "&#39;";
        break;
      default:
        append_utf8(out, control ? U'\uFFFD' : c);
    }
  }
  return out;
}

std::string page_head(std::string_view title, std::string_view more_style) {
  const std::string all = style() + std::string(more_style);
  return "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
         "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; img-src data:; style-src " +
         policy_hash(all) + "; script-src " + policy_hash(kScript) +
         "; base-uri 'none'; form-action 'none'\">\n<meta name=\"viewport\" content=\"width=device-width, "
         "initial-scale=1\">\n<title>" +
         html(title) + "</title>\n<style>" + all + "</style>\n</head>\n<body>\n<main>\n";
}

std::string settings_section(std::string_view title, const Json& object) {
  std::string out = "<details class=\"panel\"><summary>" + html(title) + "</summary>\n<dl>\n";
  for (const auto& [key, value] : flat_settings(object))
    out += "<dt>" + html(key) + "</dt><dd class=\"mono\">" + html(value) + "</dd>\n";
  return out + "</dl></details>\n";
}

std::string figure(std::string_view label, std::string_view value) {
  return "<div><small>" + html(label) + "</small><b>" + html(value) + "</b></div>\n";
}

std::string page_foot() {
  return "</main>\n<script>" + std::string(kScript) + "</script>\n</body>\n</html>\n";
}

}  // namespace zlens
