"""How the page of a report looks: light and dark, on a phone, on a screen and on paper. No script, nothing loaded."""

STYLE = """
:root { color-scheme: light dark; --ground: #f6f7f9; --card: #ffffff; --text: #1c2128; --quiet: #57606a;
  --line: #d6dbe1; --code: #eef1f4; --link: #0550ae; --critical: #a40e26; --high: #b3410a; --medium: #7d5600;
  --low: #1f5f8b; --info: #57606a; --good: #1a7f37; --on: #ffffff; }
@media (prefers-color-scheme: dark) { :root { --ground: #0f1318; --card: #181d24; --text: #e4e8ee; --quiet: #9aa5b1;
  --line: #2f3741; --code: #222933; --link: #79b8ff; --critical: #ff8b94; --high: #ffa570; --medium: #e8c268;
  --low: #85c5f2; --info: #9aa5b1; --good: #6ad184; --on: #10151b; } }
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; }
body { margin: 0; background: var(--ground); color: var(--text); overflow-wrap: anywhere;
  font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif; }
main, header, footer { max-width: 62rem; margin: 0 auto; padding: 0 1rem; }
h1 { font-size: 1.05rem; margin: 0; font-weight: 600; }
h2 { font-size: 1.25rem; margin: 2.5rem 0 .75rem; padding-bottom: .25rem; border-bottom: 1px solid var(--line); }
h3 { font-size: 1.05rem; margin: 0 0 .5rem; line-height: 1.35; }
h4 { font-size: .95rem; margin: 1rem 0 .25rem; }
p { margin: .5rem 0; }
a { color: var(--link); }
code, pre { font: .875em/1.5 ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace;
  background: var(--code); border-radius: 4px; unicode-bidi: isolate; }
code { padding: .1em .3em; }
pre { padding: .6rem .75rem; margin: .4rem 0; white-space: pre-wrap; overflow-wrap: anywhere; }
bdi { unicode-bidi: isolate; }
.quiet { color: var(--quiet); }
.small { font-size: .875rem; }
.card { background: var(--card); border: 1px solid var(--line); border-radius: 10px; padding: 1rem; margin: .75rem 0; }
.top { display: flex; flex-wrap: wrap; gap: 1rem 1.5rem; align-items: center; margin-top: 1rem; }
.letter { flex: none; width: 7rem; height: 7rem; border-radius: 16px; display: grid; place-items: center;
  font-size: 4.5rem; font-weight: 800; line-height: 1; color: var(--on); background: var(--quiet); }
.grade-A, .grade-B { background: var(--good); } .grade-C { background: var(--medium); }
.grade-D, .grade-E { background: var(--high); } .grade-F { background: var(--critical); }
.why { flex: 1 1 16rem; min-width: 0; }
.why .rule { font-size: 1.2rem; font-weight: 600; margin: 0 0 .25rem; }
nav { margin: .75rem 0; display: flex; flex-wrap: wrap; gap: .35rem 1rem; }
nav a { padding: .2rem 0; }
.areas { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 15rem), 1fr)); gap: .75rem; }
.areas .card { margin: 0; }
.area { display: flex; justify-content: space-between; align-items: baseline; gap: .5rem; font-weight: 600; }
.area b { font-size: 1.4rem; }
.bar { height: .5rem; border-radius: 4px; background: var(--line); margin: .4rem 0; overflow: hidden; }
.bar span { display: block; height: 100%; background: var(--good); }
.finding { border-left: 6px solid var(--info); }
.s-critical { border-left-color: var(--critical); } .s-high { border-left-color: var(--high); }
.s-medium { border-left-color: var(--medium); } .s-low { border-left-color: var(--low); }
.tag { display: inline-block; font-size: .8rem; font-weight: 700; letter-spacing: .04em; text-transform: uppercase;
  color: var(--on); background: var(--info); border-radius: 4px; padding: .05rem .45rem; margin-right: .4rem; }
.t-critical { background: var(--critical); } .t-high { background: var(--high); }
.t-medium { background: var(--medium); } .t-low { background: var(--low); }
dl { display: grid; grid-template-columns: minmax(5rem, max-content) minmax(0, 1fr); gap: .25rem .9rem;
  margin: .5rem 0; }
dt { color: var(--quiet); } dd { margin: 0; min-width: 0; }
details { margin: .6rem 0 0; } summary { cursor: pointer; color: var(--link); padding: .25rem 0; }
.waived { border: 1px dashed var(--quiet); border-radius: 6px; padding: .5rem .75rem; margin: .5rem 0; }
.loud { border: 2px solid var(--critical); }
ul { padding-left: 1.2rem; margin: .5rem 0; } li { margin: .25rem 0; }
footer { margin-top: 3rem; padding-bottom: 2rem; }
@media (max-width: 30rem) { .areas { grid-template-columns: repeat(2, minmax(0, 1fr)); gap: .5rem; }
  .areas .card { padding: .6rem .7rem; }
  dl { grid-template-columns: minmax(0, 1fr); gap: 0; } dd { margin-bottom: .5rem; }
  .letter { width: 5.5rem; height: 5.5rem; font-size: 3.5rem; } }
@media print { :root { color-scheme: light; --ground: #fff; --card: #fff; --text: #000; --quiet: #444; --line: #999;
  --code: #f3f3f3; --link: #000; --critical: #a40e26; --high: #b3410a; --medium: #7d5600; --low: #1f5f8b;
  --info: #57606a; --good: #1a7f37; --on: #fff; }
  body { font-size: 10pt; } nav { display: none; } main, header, footer { max-width: none; padding: 0; }
  .card { break-inside: avoid; } details { break-inside: auto; } details::details-content { content-visibility: visible;
  block-size: auto; } .letter, .tag, .bar span, .finding { print-color-adjust: exact;
  -webkit-print-color-adjust: exact; } }
"""
