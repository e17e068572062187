import { STATUS_COLOURS } from './graph.js';
import { label } from './mermaid.js';
import { printable } from './text.js';

/** A change at a place, as `GET /templates/{id}/diff` has it. */
export interface ChangeView {
  readonly change: string;
  readonly pointer: string;
  readonly before: unknown;
  readonly after: unknown;
}

/** How a chain became another, as the API's answer has it. `change`: added, removed, renamed, changed or same. */
export interface DifferenceView {
  readonly same: boolean;
  readonly chain: readonly ChangeView[];
  readonly tasks: readonly {
    readonly task_id: string;
    readonly task_name: string;
    readonly task_type: string;
    readonly change: string;
    readonly renamed_from: string | null;
    readonly likeness: number | null;
    readonly changes: readonly ChangeView[];
  }[];
  readonly edges: readonly {
    readonly from: string;
    readonly to: string;
    readonly change: string;
    readonly changes: readonly ChangeView[];
  }[];
}

/** Characters of a value on one line. */
const MOST_CHARACTERS = 120;
const SIGNS: Readonly<Record<string, string>> = { added: '+', removed: '-', filled: '=', renamed: '>', same: ' ' };
/** Fill and line, as those of statuses: the sign before the name says it without colour. */
const COLOURS: Readonly<Record<string, readonly [fill: string, stroke: string]>> = {
  added: STATUS_COLOURS['SUCCESS']!,
  removed: STATUS_COLOURS['FAILURE']!,
  renamed: STATUS_COLOURS['RUNNING']!,
  changed: STATUS_COLOURS['RETRYING']!,
};

/** A difference as lines of a terminal: `+` added, `-` removed, `~` changed, `>` renamed, `=` a parameter that has a value. */
export function differenceLines({ same, chain, tasks, edges }: DifferenceView): string[] {
  const lines = same ? ['no difference'] : [];
  if (chain.length > 0) lines.push('chain', ...chain.map(changeLine));
  for (const task of tasks) {
    if (task.change === 'same' && task.changes.length === 0) continue;
    const was = task.renamed_from === null ? '' : ` was ${task.renamed_from} (likeness ${task.likeness})`;
    lines.push(printable(`${signOf(task.change)} task ${task.task_id} (${task.task_type})${was}`));
    lines.push(...task.changes.map(changeLine));
  }
  for (const edge of edges) {
    if (edge.change === 'same') continue;
    lines.push(printable(`${signOf(edge.change)} edge ${edge.from} -> ${edge.to}`), ...edge.changes.map(changeLine));
  }
  return lines;
}

/** Both chains in one Mermaid flowchart, coloured by what became of each task; removed edges are dotted, added ones thick. */
export function differenceMermaid({ tasks, edges }: DifferenceView): string {
  const index = new Map(tasks.map(({ task_id: id }, i) => [id, `t${i}`]));
  const used = [...new Set(tasks.map(({ change }) => change))].filter((change) => change !== 'same');
  return [
    'flowchart LR',
    ...tasks.map(({ task_id: id, task_name: name, task_type: type, change, renamed_from: was }) => {
      const before = was === null ? '' : `<br/>was ${label(was)}`;
      const [sign, colour] = change === 'same' ? ['', ''] : [`${label(signOf(change))} `, `:::${change}`];
      return `    ${index.get(id)}["${sign}${label(name)}<br/>${label(type)}${before}"]${colour}`;
    }),
    ...edges.map(({ from, to, change }) => {
      const arrow = change === 'removed' ? '-. removed .->' : change === 'added' ? '== added ==>' : '-->';
      return `    ${index.get(from)} ${change === 'changed' ? '-- changed -->' : arrow} ${index.get(to)}`;
    }),
    ...used.map((change) => {
      const [fill, stroke] = COLOURS[change]!;
      return `    classDef ${change} fill:${fill},stroke:${stroke}`;
    }),
    '',
  ].join('\n');
}

const signOf = (change: string): string => SIGNS[change] ?? '~';

function changeLine({ change, pointer, before, after }: ChangeView): string {
  const [old, now] = [shown(before), shown(after)];
  const value = change === 'added' ? now : change === 'removed' ? old : `${old} -> ${now}`;
  return printable(`    ${signOf(change)} ${pointer}: ${value}`);
}

function shown(value: unknown): string {
  const text = JSON.stringify(value);
  return text.length > MOST_CHARACTERS ? `${text.slice(0, MOST_CHARACTERS)}...` : text;
}
