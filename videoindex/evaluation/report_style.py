"""The style sheet of the report page; light or dark as the reader's system is. Plain data."""

from __future__ import annotations

__all__ = ["STYLE"]

STYLE = """
:root { --ink:#1f2933; --faint:#616e7c; --line:#dfe3e8; --paper:#f7f8fa; --card:#fff; --good:#1f7a68;
  --bad:#a8322d; --open:#8a6d1f }
@media (prefers-color-scheme: dark) { :root { --ink:#e4e7eb; --faint:#9aa5b1; --line:#323f4b; --paper:#171c22;
  --card:#1f2730; --good:#63c2ab; --bad:#e5837c; --open:#d8b75a } }
* { box-sizing:border-box }
body { margin:0; background:var(--paper); color:var(--ink);
  font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif }
main { max-width:1120px; margin:0 auto; padding:32px 24px 64px }
h1 { font-size:26px; line-height:1.25; margin:0 0 4px }
h2 { font-size:18px; margin:36px 0 10px }
.lead, .note { color:var(--faint); margin:0 0 18px }
.note { font-size:13px; margin-top:8px }
aside { border-left:4px solid var(--bad); background:var(--card); padding:10px 16px; margin:0 0 18px }
aside ul { margin:4px 0 0; padding-left:20px }
.tiles { display:grid; grid-template-columns:repeat(4,1fr); gap:12px; margin:0 0 20px }
@media (max-width: 760px) { .tiles { grid-template-columns:repeat(2,1fr) } }
.tile { background:var(--card); border:1px solid var(--line); border-radius:8px; padding:12px 16px }
.tile span, .tile small { display:block; color:var(--faint); font-size:12.5px }
.tile b { display:block; font-size:26px; font-weight:600; line-height:1.3; font-variant-numeric:tabular-nums }
figure { margin:0 0 16px; padding:12px; background:#fff; border:1px solid var(--line); border-radius:8px }
figure img { display:block; max-width:100%; height:auto }
.wide { overflow-x:auto }
table { border-collapse:collapse; width:100%; font-size:13.5px; font-variant-numeric:tabular-nums;
  background:var(--card) }
th, td { text-align:left; padding:6px 10px; border-bottom:1px solid var(--line); vertical-align:top }
th { color:var(--faint); font-weight:500 }
.cards { display:grid; grid-template-columns:repeat(auto-fill,minmax(320px,1fr)); gap:14px }
article { background:var(--card); border:1px solid var(--line); border-top:4px solid var(--good);
  border-radius:8px; overflow:hidden }
article.wrong, article.failed { border-top-color:var(--bad) }
article.unjudged { border-top-color:var(--open) }
article img { display:block; width:100%; height:auto }
article header { padding:8px 12px 0; font-size:12.5px; color:var(--faint); overflow-wrap:anywhere }
article header b { color:var(--good) }
article.wrong header b, article.failed header b { color:var(--bad) }
article.unjudged header b { color:var(--open) }
dl { display:grid; grid-template-columns:auto 1fr; gap:2px 10px; margin:4px 12px 12px; font-size:13.5px }
dt { color:var(--faint) }
dd { margin:0; overflow-wrap:anywhere }
details { margin:10px 0 }
pre { overflow-x:auto; background:var(--card); border:1px solid var(--line); border-radius:8px; padding:12px;
  font-size:12.5px }
"""
