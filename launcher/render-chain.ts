import { elapsedMs, errorText, isOver, levelsOf, parentsOf, type ChainView, type TaskView } from './chain-view.js';

/** What the terminal can show. */
export interface Style {
  readonly columns: number;
  readonly colour: boolean;
  readonly unicode: boolean;
}

const SYMBOLS: Readonly<Record<string, readonly [unicode: string, ascii: string, colour: number]>> = {
  PENDING: ['·', '.', 90],
  READY: ['○', 'o', 37],
  QUEUED: ['◌', 'o', 37],
  RUNNING: ['▶', '>', 36],
  RETRYING: ['↻', '~', 33],
  PAUSED: ['‖', '=', 33],
  SUCCESS: ['✔', '+', 32],
  FAILURE: ['✖', 'x', 31],
  SKIPPED: ['»', '-', 33],
  CANCELLED: ['⊘', '/', 33],
};

const BAR_WIDTH = 12;

/** The chain as lines: a heading with its progress, then each task by level, with symbol, state in words, bar and time. */
export function renderChain(chain: ChainView, now: number, style: Style): string[] {
  const width = (pick: (task: TaskView) => string) => Math.max(0, ...chain.tasks.map((task) => pick(task).length));
  const widths = { id: width((task) => task.task_id), type: width((task) => task.task_type) };
  const heading = [
    `${stateOf(chain.status, style)}`,
    bar(chain.progress ?? 0, style),
    seconds(elapsedMs(chain, now)),
    chain.chain_name,
  ];
  const lines = [clip(heading.join('  '), style)];
  for (const [level, tasks] of levelsOf(chain.tasks).entries()) {
    tasks.forEach((task, i) => {
      const label = i === 0 ? `level ${level + 1}`.padEnd(9) : ' '.repeat(9);
      lines.push(clip(`${label}${taskLine(task, widths, now, style)}`, style));
    });
  }
  return lines;
}

/** One line for each task, and for the chain, that is in another state than in `before`. For logs without a terminal. */
export function changedLines(before: ChainView | undefined, chain: ChainView, now: number): string[] {
  const known = new Map(before?.tasks.map((task) => [task.task_id, task]));
  const changed = chain.tasks.filter((task) => {
    const was = known.get(task.task_id);
    return was ? was.status !== task.status || was.attempt !== task.attempt : task.status !== 'PENDING';
  });
  const lines = changed.map((task) => {
    const took = isOver(task.status) ? ` ${seconds(elapsedMs(task, now)).trim()}` : '';
    const attempt = (task.attempt ?? 1) > 1 ? ` (attempt ${task.attempt})` : '';
    const why = task.status === 'FAILURE' || task.status === 'RETRYING' ? ` ${errorText(task.error)}` : '';
    return `${task.status.padEnd(9)} ${task.task_id} (${task.task_type})${attempt}${took}${why}`.trimEnd();
  });
  if (before?.status !== chain.status) {
    lines.push(`${chain.status.padEnd(9)} chain ${chain.chain_id}, ${chain.progress ?? 0} %`);
  }
  return lines;
}

function taskLine(task: TaskView, widths: { id: number; type: number }, now: number, style: Style): string {
  const parents = parentsOf(task);
  const arrow = style.unicode ? '←' : '<-';
  const running = task.status === 'RUNNING';
  const note = isOver(task.status)
    ? errorText(task.error)
    : [running ? task.progress_stage : '', (task.attempt ?? 1) > 1 ? `attempt ${task.attempt}` : '']
        .filter(Boolean)
        .join(', ');
  return [
    stateOf(task.status, style),
    task.task_id.padEnd(widths.id),
    task.task_type.padEnd(widths.type),
    running || isOver(task.status)
      ? bar(task.status === 'SUCCESS' ? 100 : (task.progress ?? 0), style)
      : ' '.repeat(BAR_WIDTH + 5),
    seconds(elapsedMs(task, now)),
    [parents.length > 0 ? `${arrow} ${parents.join(', ')}` : '', note].filter(Boolean).join('  '),
  ]
    .join('  ')
    .trimEnd();
}

/** Symbol and word: the colour only repeats what they say. */
function stateOf(status: string, style: Style): string {
  const [unicode, ascii, colour] = SYMBOLS[status] ?? ['?', '?', 37];
  const text = `${style.unicode ? unicode : ascii} ${status.padEnd(9)}`;
  return style.colour ? `\u001b[${colour}m${text}\u001b[0m` : text;
}

function bar(progress: number, style: Style): string {
  const percent = Math.min(100, Math.max(0, Math.round(progress)));
  const full = Math.round((percent / 100) * BAR_WIDTH);
  const [on, off] = style.unicode ? ['█', '░'] : ['#', '-'];
  return `${on.repeat(full)}${off.repeat(BAR_WIDTH - full)} ${String(percent).padStart(3)}%`;
}

function seconds(ms: number | undefined): string {
  return (ms === undefined ? '' : `${(ms / 1000).toFixed(1)} s`).padStart(8);
}

/** Cuts a line at the terminal's width: a line that wraps would spoil the redrawing. Colour codes take no room. */
function clip(line: string, style: Style): string {
  let room = style.columns;
  let out = '';
  for (const [part] of line.matchAll(/\u001b\[\d+m|[^]/gu)) {
    if (part.length > 1 && part.startsWith('\u001b')) out += part;
    else if (room-- > 0) out += part;
  }
  return out;
}
