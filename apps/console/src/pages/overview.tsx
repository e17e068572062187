import { useQuery } from '@tanstack/react-query';
import { Card, Empty, Segmented, Skeleton, Statistic } from 'antd';
import { useTranslation } from 'react-i18next';
import { Link, useSearchParams } from 'react-router';
import type { ChainMetricsDto, QueueDepthDto, TaskTypeCountDto } from '#client';
import { api } from '../api.js';
import { todosOf, useErrorWords } from '../view/error-words.js';
import { Failed } from '../view/failed.js';
import { Name } from '../view/name.js';
import { Rows } from '../view/rows.js';
import { Status } from '../view/status.js';
import { duration } from '../view/times.js';
import { Title } from '../view/title.js';
import { Throughput } from './throughput.js';

const WINDOWS = ['1h', '24h', '7d', '30d'];

/** The figures of the chains that were created within a window. */
export function OverviewPage() {
  const { t } = useTranslation();
  const [search, setSearch] = useSearchParams();
  const window = search.get('window') ?? '24h';
  const query = useQuery({
    queryKey: ['metrics', window],
    queryFn: ({ signal }) => api.getChainMetrics({ query: { window }, signal }),
    refetchInterval: 10_000,
  });
  return (
    <>
      <Title text={t('pages./')}>
        <Segmented
          aria-label={t('overview.window')}
          options={WINDOWS.map((value) => ({ value, label: t(`overview.windows.${value}`) }))}
          value={window}
          onChange={(value) => setSearch({ window: value })}
        />
      </Title>
      {query.isError && <Failed error={query.error} retry={() => void query.refetch()} />}
      {query.isPending && <Skeleton active title={false} />}
      {query.data && <Figures of={query.data} />}
    </>
  );
}

function Figures({ of }: { of: ChainMetricsDto }) {
  const { t } = useTranslation();
  const words = useErrorWords();
  const { chain_success_rate: rate, chain_avg_execution_time: time } = of;
  const workers = useWorkers();
  const waiting = useQuery({
    queryKey: ['approvals'],
    queryFn: ({ signal }) => api.listApprovals({ signal }),
    refetchInterval: 10_000,
  }).data?.items.length;
  const { throughput, tasks_by_type: types } = of;
  const isIdle = throughput.parts.every(({ succeeded, failed, cancelled }) => succeeded + failed + cancelled === 0);
  if (of.chain_total_count === 0 && of.chain_running_count === 0 && isIdle)
    return <Empty description={t('overview.none')} />;
  return (
    <>
      <div className="figures">
        <Card>
          <Statistic title={t('overview.chains')} value={of.chain_total_count} />
          <p className="states">
            {Object.entries(of.chain_count_by_status).map(([status, count]) => (
              <Link key={status} to={`/chains?status=${status}`}>
                <Status of={status} /> {count}
              </Link>
            ))}
          </p>
        </Card>
        <Card>
          <Statistic title={t('overview.running')} value={of.chain_running_count} />
          {waiting !== undefined && (
            <p>
              <Link to="/approvals">{t('overview.waiting', { count: waiting })}</Link>
            </p>
          )}
        </Card>
        <Card>
          <Statistic
            title={t('overview.success')}
            value={rate.value === null ? '–' : `${(rate.value * 100).toFixed(1)} %`}
          />
          <p className="dim">{t('overview.ofEnded', { succeeded: rate.succeeded, failed: rate.failed })}</p>
        </Card>
        <Card>
          <Statistic title={t('overview.took')} value={seconds(time.mean_seconds)} />
          <p className="dim">
            {t('overview.percentiles', { p50: seconds(time.p50_seconds), p95: seconds(time.p95_seconds) })}
          </p>
        </Card>
      </div>
      <Throughput of={throughput} />
      <h2>{t('overview.failures')}</h2>
      <Rows
        rowKey="code"
        dataSource={of.chain_failure_reasons}
        locale={{ emptyText: t('overview.noFailures') }}
        columns={[
          { title: t('overview.code'), dataIndex: 'code', render: (code: string) => <code>{code}</code> },
          { title: t('overview.tasks'), dataIndex: 'tasks' },
          {
            title: t('overview.newest'),
            key: 'message',
            render: (_, { code, message }) => (
              <>
                <Name text={message ?? ''} className="wrap" />
                <span className="dim">{todosOf(words('failures', code))}</span>
              </>
            ),
          },
          {
            title: t('overview.examples'),
            dataIndex: 'examples',
            render: (examples: string[]) => examples.map((example) => <Example key={example} of={example} />),
          },
        ]}
      />
      <h2>{t('overview.queues')}</h2>
      <p className="dim">{t('overview.aboutQueues')}</p>
      {workers && (
        <p>
          <Link to="/workers">
            {workers.count === 0 ? t('overview.noWorkers') : t('overview.workers', { count: workers.count })}
          </Link>
        </p>
      )}
      <Rows
        rowKey="task_type"
        dataSource={of.queues}
        locale={{ emptyText: t('overview.noQueues') }}
        columns={[
          { title: t('task.type'), dataIndex: 'task_type' },
          { title: t('status.READY'), dataIndex: 'ready' },
          { title: t('status.QUEUED'), dataIndex: 'queued' },
          { title: t('status.RUNNING'), dataIndex: 'running' },
          ...(workers
            ? [
                {
                  title: t('overview.slots'),
                  key: 'slots',
                  render: (_: unknown, { task_type: type }: QueueDepthDto) => workers.slots.get(type) ?? 0,
                },
              ]
            : []),
        ]}
      />
      <div className="side-by-side">
        <section>
          <h2>{t('overview.slowest')}</h2>
          <TypeTimes of={types} />
        </section>
        <section>
          <h2>{t('overview.sizes')}</h2>
          <Rows
            rowKey="tasks_per_chain"
            dataSource={of.chain_task_distribution}
            columns={[
              { title: t('overview.sizeTasks'), dataIndex: 'tasks_per_chain' },
              { title: t('overview.sizeChains'), dataIndex: 'chains' },
            ]}
          />
        </section>
      </div>
    </>
  );
}

/** The task types of the window, those that take longest first. */
function TypeTimes({ of }: { of: readonly TaskTypeCountDto[] }) {
  const { t } = useTranslation();
  return (
    <Rows
      rowKey="task_type"
      dataSource={[...of].sort((a, b) => (b.p95_seconds ?? -1) - (a.p95_seconds ?? -1))}
      columns={[
        {
          title: t('task.type'),
          dataIndex: 'task_type',
          render: (type: string) => <Link to={`/chains?task_type=${encodeURIComponent(type)}`}>{type}</Link>,
        },
        { title: t('overview.p95'), dataIndex: 'p95_seconds', render: seconds },
        { title: t('overview.mean'), dataIndex: 'mean_seconds', render: seconds },
        { title: t('overview.longest'), dataIndex: 'max_seconds', render: seconds },
        { title: t('overview.tasks'), dataIndex: 'tasks' },
        { title: t('status.SUCCESS'), dataIndex: 'succeeded' },
        { title: t('status.FAILURE'), dataIndex: 'failed' },
      ]}
    />
  );
}

const seconds = (value: number | null) => (value === null ? '–' : duration(value * 1_000));

/** The workers that are there and their slots by task type; undefined for those who may not see them. */
function useWorkers(): { readonly count: number; readonly slots: ReadonlyMap<string, number> } | undefined {
  const query = useQuery({
    queryKey: ['workers'],
    queryFn: ({ signal }) => api.listWorkers({ signal }),
    refetchInterval: ({ state }) => (state.status === 'error' ? false : 10_000),
    retry: false,
  });
  if (query.data === undefined || query.isError) return undefined;
  const alive = query.data.items.filter((each) => each.alive);
  const slots = new Map<string, number>();
  for (const worker of alive) {
    for (const [type, count] of Object.entries(worker.slots)) slots.set(type, (slots.get(type) ?? 0) + count);
  }
  return { count: alive.length, slots };
}

/** Characters of the end of a chain's id: ids of one minute begin alike. */
const SHOWN_END = 12;

/** `<chain_id>/<task_id>` as a link to that task. */
function Example({ of }: { of: string }) {
  const slash = of.indexOf('/');
  const [chain, task] = [of.slice(0, slash), of.slice(slash + 1)];
  return (
    <Link className="example" to={`/chains/${encodeURIComponent(chain)}?task=${encodeURIComponent(task)}`}>
      <Name text={task} /> <span className="dim">…{chain.slice(-SHOWN_END)}</span>
    </Link>
  );
}
