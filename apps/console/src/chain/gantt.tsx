import { Button, Empty } from 'antd';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { ChainSummaryDto, LiveTask } from '#client';
import { Name } from '../view/name.js';
import { duration, useNow } from '../view/times.js';

/** Rows on one page: each is some ten elements. */
const ROWS = 100;

interface GanttProps {
  readonly chain: ChainSummaryDto;
  readonly tasks: readonly LiveTask[];
  readonly open: (task: string) => void;
}

/** The last attempt of each task on one axis of time: how long it was queued, and how long it ran. */
export function Gantt({ chain, tasks, open }: GanttProps) {
  const { t } = useTranslation();
  const [page, turn] = useState(0);
  const now = useNow(chain.status === 'RUNNING');
  const started = tasks.filter(({ queued_at, started_at }) => queued_at !== null || started_at !== null);
  if (started.length === 0) return <Empty description={t('chain.notStarted')} />;
  const from = Math.min(...started.map(beginOf));
  const to = Math.max(from + 1, ...started.map((task) => endOf(task, now)));
  const share = (ms: number) => `${Math.min(100, Math.max(0, (ms / (to - from)) * 100))}%`;
  const rows = started.sort((a, b) => beginOf(a) - beginOf(b)).slice(page * ROWS, (page + 1) * ROWS);
  return (
    <div className="gantt">
      <p className="dim">
        <span className="key queue" /> {t('chain.queued')} <span className="key run" /> {t('chain.ran')}{' '}
        {t('chain.axis', { span: duration(to - from) })}
      </p>
      {rows.map((task) => {
        const begin = beginOf(task);
        const run = task.started_at === null ? endOf(task, now) : Date.parse(task.started_at);
        const end = endOf(task, now);
        return (
          <div key={task.task_id} className="gantt-row">
            <Button type="link" className="cell" onClick={() => open(task.task_id)}>
              <Name text={task.task_name || task.task_id} />
            </Button>
            <div className="lane">
              <span className="queue" style={{ insetInlineStart: share(begin - from), width: share(run - begin) }} />
              <span
                className={`run status-${task.status.toLowerCase()}`}
                style={{ insetInlineStart: share(run - from), width: share(end - run) }}
              />
            </div>
            <span className="dim">{task.started_at === null ? '–' : duration(end - run)}</span>
          </div>
        );
      })}
      {started.length > ROWS && (
        <p>
          <Button disabled={page === 0} onClick={() => turn(page - 1)}>
            {t('chain.before')}
          </Button>{' '}
          <Button disabled={(page + 1) * ROWS >= started.length} onClick={() => turn(page + 1)}>
            {t('chain.after')}
          </Button>
        </p>
      )}
    </div>
  );
}

const beginOf = ({ queued_at, started_at }: LiveTask): number => Date.parse((queued_at ?? started_at)!);

/** A task that waits to be tried again has ended its attempt, and the time of that is unknown here: no more than a trace is shown. */
function endOf(task: LiveTask, now: number): number {
  if (task.completed_at !== null) return Date.parse(task.completed_at);
  if (task.status === 'RUNNING' || task.status === 'QUEUED') return Math.max(now, beginOf(task));
  return Date.parse((task.started_at ?? task.queued_at)!);
}
