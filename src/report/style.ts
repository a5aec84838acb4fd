/** The report's only style sheet. Colours have a contrast of at least 4.5 on their ground, in light and in dark; marks differ in form, too. */
export const STYLE = `
:root{color-scheme:light dark;--ground:#fff;--raised:#f6f7f9;--text:#1c2430;--dim:#566173;--line:#d5dae2;--accent:#1f5fbf;--good:#17692f;--bad:#b3261e;--unsure:#855300;
--s0:#1f5fbf;--s1:#b3541e;--s2:#17692f;--s3:#8a2f8f;--s4:#5c6470;--s5:#0e7480}
@media (prefers-color-scheme:dark){:root{--ground:#12161c;--raised:#1b212a;--text:#e4e8ee;--dim:#a3adbb;--line:#353e4b;--accent:#8ab4f8;--good:#6fcf8b;--bad:#ff8f86;--unsure:#f0b95a;
--s0:#8ab4f8;--s1:#f2a36b;--s2:#6fcf8b;--s3:#dd9be2;--s4:#aab3c0;--s5:#68cfda}}
*{box-sizing:border-box}
body{margin:0;background:var(--ground);color:var(--text);font:16px/1.5 system-ui,sans-serif;overflow-wrap:anywhere}
main,header,nav,footer{max-width:68rem;margin:0 auto;padding:0 1.25rem}
header{padding-top:2rem}
h1{font-size:1.5rem;line-height:1.25;margin:0 0 .75rem}
h2{font-size:1.2rem;margin:2.5rem 0 .75rem;padding-top:.25rem;border-top:1px solid var(--line)}
.verdict{border-left:.4rem solid var(--unsure);background:var(--raised);padding:.8rem 1rem;margin:0 0 1rem}
.verdict strong{display:block;font-size:1.15rem;color:var(--unsure)}
.verdict.good{border-color:var(--good)}.verdict.good strong,.good{color:var(--good)}
.verdict.bad{border-color:var(--bad)}.verdict.bad strong,.bad{color:var(--bad)}
.unsure{color:var(--unsure)}.verdict p{margin:0;color:var(--text)}
dl{display:grid;grid-template-columns:repeat(auto-fill,minmax(9.5rem,1fr));gap:.6rem 1.25rem;margin:0 0 1rem}
dt{color:var(--dim);font-size:.85rem}dd{margin:0}
nav ul{display:flex;flex-wrap:wrap;gap:.25rem 1rem;list-style:none;margin:0;padding:.5rem 0;border-block:1px solid var(--line);font-size:.9rem}
a{color:var(--accent)}
.scroll{overflow-x:auto;margin:0 0 1.25rem}
table{border-collapse:collapse;min-width:100%;font-size:.93rem}
caption{text-align:left;color:var(--dim);padding:0 0 .35rem;font-size:.9rem}
th,td{text-align:left;vertical-align:top;padding:.35rem .6rem;border-bottom:1px solid var(--line);max-width:34rem;overflow-wrap:break-word}
thead th{color:var(--dim);font-weight:600;white-space:nowrap}tbody th{font-weight:500}
td.n,th.n{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
td.s,th.s{white-space:nowrap}
td.n svg{display:block;margin:.15rem 0 0 auto}
code,pre{font:.86em/1.45 ui-monospace,monospace}pre{background:var(--raised);padding:.75rem 1rem;overflow-x:auto}
figure{margin:0 1rem 1.5rem 0;display:inline-block;max-width:100%;vertical-align:top}
figcaption{font-size:.9rem;color:var(--dim);margin-bottom:.35rem}
svg.chart{max-width:100%;height:auto}
svg text{fill:var(--dim);font:12px system-ui,sans-serif}svg .end{text-anchor:end}svg .middle{text-anchor:middle}
svg line,svg path{fill:none;stroke:var(--line)}svg .frame{stroke:var(--dim)}svg .grid{stroke:var(--line)}
svg .reference{stroke:var(--dim);stroke-dasharray:4 3}
svg .range{stroke:var(--accent);stroke-width:2}svg .dot{fill:var(--accent);stroke:none}
svg .bar{fill:var(--accent)}svg .bar.bad{fill:var(--bad)}svg .bar.unsure{fill:var(--unsure)}
svg .line{stroke-width:2}
svg .line.s0{stroke:var(--s0)}svg .line.s1{stroke:var(--s1);stroke-dasharray:7 3}svg .line.s2{stroke:var(--s2);stroke-dasharray:2 3}
svg .line.s3{stroke:var(--s3);stroke-dasharray:9 3 2 3}svg .line.s4{stroke:var(--s4);stroke-dasharray:12 4}svg .line.s5{stroke:var(--s5);stroke-dasharray:4 2 1 2}
svg .dot.s0{fill:var(--s0)}svg .dot.s1{fill:var(--s1)}svg .dot.s2{fill:var(--s2)}svg .dot.s3{fill:var(--s3)}svg .dot.s4{fill:var(--s4)}svg .dot.s5{fill:var(--s5)}
footer{color:var(--dim);font-size:.85rem;padding-block:2rem}
@media (max-width:40rem){body{font-size:15px}main,header,nav,footer{padding-inline:.9rem}figure{margin-right:0}}
@media print{:root{color-scheme:light;--ground:#fff;--raised:#fff;--text:#000;--dim:#444;--line:#bbb;--accent:#1f5fbf;--good:#17692f;--bad:#b3261e;--unsure:#855300;
--s0:#1f5fbf;--s1:#b3541e;--s2:#17692f;--s3:#8a2f8f;--s4:#5c6470;--s5:#0e7480}
nav{display:none}.scroll{overflow:visible}h2,figure,tr{break-inside:avoid}h2{break-after:avoid}a{color:inherit}}
`;
