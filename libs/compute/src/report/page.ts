import { drawChart } from './draw.js';
import type { Headline } from './headline.js';
import type { Cell, Chart, Section, Table } from './section.js';
import type { Words } from './words.js';

/** All that a page shows. */
export interface Report {
  readonly title: string;
  readonly language: 'en' | 'zh';
  readonly headline: Headline;
  readonly sections: readonly Section[];
}

/** Characters of a cell from which on it may break anywhere. */
const LONG = 24;
/** Columns up to which the long texts of a table have the width of the page. */
const FEW = 2;

const STYLE = `
:root{color-scheme:light dark;--line:#8884;--soft:#8881}
body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:0 auto;padding:1rem;overflow-wrap:anywhere}
h1{font-size:1.6rem;line-height:1.2}h2{font-size:1.25rem;margin-top:2.5rem;border-bottom:1px solid var(--line)}
.figures{display:flex;flex-wrap:wrap;gap:.5rem;margin:1rem 0;padding:0}
.figures div{background:var(--soft);border-radius:.5rem;padding:.5rem .9rem}
.figures dt{font-size:.8rem;opacity:.8}.figures dd{margin:0;font-size:1.2rem;font-variant-numeric:tabular-nums}
.note{border-left:.25rem solid #f59e0b;background:var(--soft);padding:.5rem .9rem}
.plots{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,22rem),1fr));gap:0 1rem}
figure{margin:1rem 0;break-inside:avoid}figcaption,caption{font-weight:600;text-align:left;margin:.3rem 0}
svg{width:100%;height:auto;max-width:32rem;display:block}
.scroll{overflow-x:auto}table{border-collapse:collapse;font-size:.85rem;margin:1rem 0;font-variant-numeric:tabular-nums}
th,td{border-bottom:1px solid var(--line);padding:.3rem .6rem;text-align:left;overflow-wrap:normal;vertical-align:top}
tbody th{font-weight:400}td.n{text-align:right}.long{width:max-content;max-width:16rem;overflow-wrap:anywhere}
table.few .long{max-width:38rem}caption{white-space:nowrap}.task{opacity:.8;font-size:.85rem}
@media (max-width:30rem){.long,table.few .long{max-width:9rem}}
@media (prefers-color-scheme:dark){body{background:#15171a;color:#e6e6e6}}
@media print{body{background:#fff;color:#000;max-width:none;padding:0;print-color-adjust:exact}.scroll{overflow:visible}
table{font-size:.65rem}th,td{padding:.15rem .25rem;overflow-wrap:anywhere}td.n{white-space:nowrap}.long{width:auto;max-width:none}table.few .long{max-width:none}h2{break-after:avoid}nav{display:none}tr{break-inside:avoid}}
`;

/**
 * The report as one HTML page that loads nothing: styles and plots are inside, there is no script, and its policy allows
 * none. Every text of the report is escaped here, or by the chart library in a plot. `onChart` gets the fraction drawn.
 */
export function renderPage(report: Report, words: Words, onChart: (fraction: number) => void = () => {}): string {
  const charts = report.sections.reduce((sum, section) => sum + section.charts.length, 0);
  let drawn = 0;
  const draw = (chart: Chart): string => {
    const svg = drawChart(chart).replace('<svg ', () => `<svg role="img" aria-label="${escape(chart.caption)}" `);
    drawn += 1;
    onChart(drawn / charts);
    return `<figure><figcaption>${escape(chart.caption)}</figcaption>${svg}</figure>`;
  };
  const headline = Object.entries(report.headline).map(
    ([key, value]) => [words[key as keyof Headline], value] as const,
  );
  const links = report.sections.map(
    (section, at) =>
      `<li><a href="#s${at + 1}">${escape(section.title)}</a> <span class="task">${escape(section.taskId)}</span></li>`,
  );
  return `<!doctype html>
<html lang="${report.language === 'zh' ? 'zh-CN' : 'en'}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${escape(report.title)}</title>
<style>${STYLE}</style>
</head>
<body>
<h1>${escape(report.title)}</h1>
${figures(headline)}
<nav aria-label="${escape(words.contents)}"><ol>${links.join('')}</ol></nav>
<main>
${report.sections.map((section, at) => sectionHtml(section, at, words, draw)).join('\n')}
</main>
</body>
</html>
`;
}

function sectionHtml(section: Section, at: number, words: Words, draw: (chart: Chart) => string): string {
  return `<section id="s${at + 1}">
<h2>${escape(section.title)}</h2>
<p class="task">${escape(words.task)} ${escape(section.taskId)}</p>
${(section.notes ?? []).map((note) => `<p class="note">${escape(note)}</p>`).join('\n')}
${figures(section.figures)}
${section.charts.length > 0 ? `<div class="plots">${section.charts.map(draw).join('\n')}</div>` : ''}
${section.tables.map(tableHtml).join('\n')}
</section>`;
}

function figures(entries: readonly (readonly [string, Cell])[]): string {
  if (entries.length === 0) return '';
  const items = entries.map(([name, value]) => `<div><dt>${escape(name)}</dt><dd>${escape(shown(value))}</dd></div>`);
  return `<dl class="figures">${items.join('')}</dl>`;
}

function tableHtml(table: Table): string {
  const head = table.columns.map((column) => `<th scope="col">${textHtml(column)}</th>`).join('');
  const rows = table.rows.map((row) => `<tr>${row.map(cellHtml).join('')}</tr>`);
  const few = table.columns.length <= FEW ? ' class="few"' : '';
  return `<div class="scroll" tabindex="0"><table${few}><caption>${escape(table.caption)}</caption><thead><tr>${head}</tr></thead><tbody>${rows.join('')}</tbody></table></div>`;
}

function cellHtml(cell: Cell, at: number): string {
  if (typeof cell === 'number' || (cell === null && at > 0)) return `<td class="n">${escape(shown(cell))}</td>`;
  return at === 0 ? `<th scope="row">${textHtml(shown(cell))}</th>` : `<td>${textHtml(shown(cell))}</td>`;
}

/** A long text breaks within its cell; a short one is never broken. */
function textHtml(text: string): string {
  return text.length > LONG ? `<div class="long">${escape(text)}</div>` : escape(text);
}

/** Whole numbers as they are, others to six digits. */
function shown(cell: Cell): string {
  if (cell === null) return '–';
  if (typeof cell !== 'number' || Number.isInteger(cell)) return String(cell);
  return String(Number(cell.toPrecision(6)));
}

/** Text that is safe in an element and in a quoted attribute. */
function escape(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;');
}
