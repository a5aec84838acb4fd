import { createHash } from 'node:crypto';
import { barsChart } from './charts/bars.ts';
import { ganttChart } from './charts/gantt.ts';
import { intervalMark } from './charts/interval.ts';
import { linesChart } from './charts/lines.ts';
import type { Block, Cell, Chart, Column, Section } from './document.ts';
import { html, webAddress } from './escape.ts';
import { count } from './numbers.ts';
import type { Run } from './run.ts';
import { reportDocument } from './sections.ts';
import { STYLE } from './style.ts';

const TEXT_MAX = 4_000;
/** Cells up to this length stay on one line. */
const UNBROKEN_MAX = 16;

/**
 * The report as one HTML file: no script, no request to anywhere, one style sheet that the policy names by its digest,
 * so that nothing a record says can be run, loaded or styled.
 */
export function reportHtml(run: Run): string {
  const { title, headline, facts, sections } = reportDocument(run);
  const policy = `default-src 'none'; style-src 'sha256-${createHash('sha256').update(STYLE).digest('base64')}'; base-uri 'none'; form-action 'none'`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<meta name="color-scheme" content="light dark">
<title>${html(cut(title, 200))}</title>
<style>${STYLE}</style>
</head>
<body>
<header>
<h1>${html(cut(run.model, 200))}${run.version === undefined ? '' : `, version ${run.version}`}</h1>
<div class="verdict ${headline.tone}"><strong>${html(headline.word)}</strong><p>${html(cut(headline.sentence, TEXT_MAX))}</p></div>
<dl>${facts.map(([name, value]) => `<div><dt>${html(name)}</dt><dd>${html(cut(value, 300))}</dd></div>`).join('')}</dl>
</header>
<nav aria-label="Sections"><ul>${sections.map(({ id, title: name }) => `<li><a href="#${html(id)}">${html(name)}</a></li>`).join('')}</ul></nav>
<main>
${sections.map(writeSection).join('\n')}
</main>
<footer>Made by Retrain ${html(run.retrain)} from the records of run ${html(run.id)}.</footer>
</body>
</html>
`;
}

function writeSection({ id, title, blocks }: Section): string {
  return `<section id="${html(id)}" aria-labelledby="${html(id)}-title">\n<h2 id="${html(id)}-title">${html(title)}</h2>\n${blocks.map(writeBlock).join('\n')}\n</section>`;
}

function writeBlock(block: Block): string {
  switch (block.kind) {
    case 'text':
      return `<p${block.tone ? ` class="${block.tone}"` : ''}>${html(cut(block.text, TEXT_MAX))}</p>`;
    case 'code':
      return `<pre><code>${html(cut(block.text, TEXT_MAX))}</code></pre>`;
    case 'links':
      return `<ul>${block.links.map((link) => `<li>${writeLink(link)}</li>`).join('')}</ul>`;
    case 'chart':
      return writeChart(block.chart);
    case 'table':
      return writeTable(block);
  }
}

function writeLink({ name, url }: { readonly name: string; readonly url: string }): string {
  const address = webAddress(url);
  return address === undefined ? html(cut(name, 300)) : `<a href="${html(address)}" rel="noopener noreferrer">${html(cut(name, 300))}</a>`;
}

function writeChart(chart: Chart): string {
  const drawn = chart.kind === 'lines' ? linesChart(chart) : chart.kind === 'bars' ? barsChart(chart) : ganttChart(chart);
  return drawn === '' ? '' : `<figure><figcaption>${html(cut(chart.title, 300))}</figcaption>${drawn}</figure>`;
}

function writeTable({ caption, columns, rows, total }: Extract<Block, { kind: 'table' }>): string {
  const all = Math.max(total ?? rows.length, rows.length);
  const more = rows.length < all ? ` (${count(rows.length)} of ${count(all)} rows)` : '';
  const head = columns.map(({ title, numeric }) => `<th scope="col"${numeric ? ' class="n"' : ''}>${html(cut(title, 200))}</th>`).join('');
  const body = rows
    .map((row) => `<tr>${columns.map((column, index) => writeCell(row[index] ?? { text: '' }, column, index === 0)).join('')}</tr>`)
    .join('\n');
  // Reachable by keyboard: a wide table scrolls in its own frame.
  return `<div class="scroll" tabindex="0" role="region" aria-label="${html(cut(caption, 200))}"><table><caption>${html(cut(caption, 300))}${more}</caption><thead><tr>${head}</tr></thead><tbody>\n${body}\n</tbody></table></div>`;
}

function writeCell({ text, tone, mark, code }: Cell, { numeric }: Column, first: boolean): string {
  const classes = [numeric ? 'n' : text.length <= UNBROKEN_MAX ? 's' : '', tone ?? ''].filter((each) => each !== '').join(' ');
  const shown = html(cut(text, TEXT_MAX));
  const inside = `${code ? `<code>${shown}</code>` : shown}${mark ? intervalMark(mark) : ''}`;
  const attribute = classes === '' ? '' : ` class="${classes}"`;
  return first ? `<th scope="row"${attribute}>${inside}</th>` : `<td${attribute}>${inside}</td>`;
}

function cut(text: string, limit: number): string {
  return text.length <= limit ? text : `${text.slice(0, limit)}…`;
}
