import { useQueries } from '@tanstack/react-query';
import { Button, Empty } from 'antd';
import { Fragment, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { ChainSummaryDto, LiveTask } from '#client';
import { api } from '../api.js';
import { Name } from '../view/name.js';
import { duration, useNow } from '../view/times.js';
import { lastAttempt, segmentOf, type Segment } from './segments.js';

/** Rows on one page: each is some ten elements. */
const ROWS = 100;
const SHOWN_STATES = ['RUNNING', 'SUCCESS', 'FAILURE'] as const;
/** Places on the axis that are marked with their time, as shares of it. */
const TICKS = [0, 0.25, 0.5, 0.75];

interface GanttProps {
  readonly chain: ChainSummaryDto;
  readonly tasks: readonly LiveTask[];
  readonly open: (task: string) => void;
}

/** The attempts of each task on one axis of time: how long each was queued, and how long it ran. */
export function Gantt({ chain, tasks, open }: GanttProps) {
  const { t } = useTranslation();
  const [page, turn] = useState(0);
  const now = useNow(chain.status === 'RUNNING');
  const started = tasks
    .flatMap((task) => {
      const last = lastAttempt(task, now);
      return last === undefined ? [] : [{ task, last }];
    })
    .sort((a, b) => a.last.queued - b.last.queued);
  const rows = started.slice(page * ROWS, (page + 1) * ROWS);
  const earlier = useEarlier(
    chain.chain_id,
    rows.map(({ task }) => task),
  );
  if (started.length === 0) return <Empty description={t('chain.notStarted')} />;
  const all = [...started.map(({ last }) => last), ...[...earlier.values()].flat()];
  const from = Math.min(...all.map(({ queued }) => queued));
  const to = Math.max(from + 1, ...all.map(({ ended }) => ended));
  const share = (ms: number) => `${Math.min(100, Math.max(0, (ms / (to - from)) * 100))}%`;
  const place = (begin: number, end: number) => ({ insetInlineStart: share(begin - from), width: share(end - begin) });
  return (
    <div className="gantt">
      <p className="dim">
        <span className="keyed">
          <span className="key queue" /> {t('chain.queued')}
        </span>
        {SHOWN_STATES.map((state) => (
          <Fragment key={state}>
            {' '}
            <span className="keyed">
              <span className={`key run status-${state.toLowerCase()}`} /> {t(`status.${state}`)}
            </span>
          </Fragment>
        ))}
        {earlier.size > 0 && (
          <>
            {' '}
            <span className="keyed">
              <span className="key run earlier status-cancelled" /> {t('chain.earlier')}
            </span>
          </>
        )}
      </p>
      <div className="gantt-row ticks dim">
        <span>{t('chain.axis', { span: duration(to - from) })}</span>
        <div className="lane" aria-hidden="true">
          {TICKS.map((tick) => (
            <span key={tick} style={{ insetInlineStart: `${tick * 100}%` }}>
              {duration(tick * (to - from))}
            </span>
          ))}
        </div>
        <span>{t('chain.ran')}</span>
      </div>
      {rows.map(({ task, last }) => (
        <div key={task.task_id} className="gantt-row">
          <button type="button" className="link cell" onClick={() => open(task.task_id)}>
            <Name text={task.task_name || task.task_id} />
          </button>
          <div className="lane">
            {[...(earlier.get(task.task_id) ?? []), last].map((each) => {
              const { attempt, outcome, queued, started: run, ended } = each;
              const words = t('chain.tried', {
                attempt,
                outcome: t(`outcome.${outcome}`, { defaultValue: t(`status.${outcome}`, { defaultValue: outcome }) }),
                queued: duration(run - queued),
                ran: duration(ended - run),
              });
              return (
                <span key={attempt} className="attempt" role="img" aria-label={words} title={words}>
                  <span className="queue" style={place(queued, run)} />
                  <span
                    className={`run status-${outcome.toLowerCase()} ${each === last ? '' : 'earlier'}`}
                    style={place(run, ended)}
                  />
                </span>
              );
            })}
          </div>
          <span className="dim">{task.started_at === null ? '–' : duration(last.ended - last.started)}</span>
        </div>
      ))}
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

/** The attempts before the last one, of the tasks that were tried more than once: the stream tells the last alone. */
function useEarlier(chain_id: string, tasks: readonly LiveTask[]): ReadonlyMap<string, readonly Segment[]> {
  const retried = tasks.filter(({ attempt }) => attempt > 1);
  const found = useQueries({
    queries: retried.map(({ task_id, attempt }) => ({
      queryKey: ['attempts', { chain_id, task_id }, `before ${attempt}`],
      queryFn: ({ signal }: { signal: AbortSignal }) => api.listTaskAttempts({ path: { chain_id, task_id }, signal }),
      staleTime: Infinity,
    })),
  });
  return new Map(
    retried.map(({ task_id, attempt }, at) => [
      task_id,
      (found[at]?.data?.items ?? []).flatMap((each) => (each.attempt < attempt ? segmentOf(each) : [])),
    ]),
  );
}
