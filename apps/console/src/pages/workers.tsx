import { useQuery } from '@tanstack/react-query';
import { Empty, Skeleton } from 'antd';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import type { WorkerDto } from '#client';
import { api } from '../api.js';
import { Failed } from '../view/failed.js';
import { Name } from '../view/name.js';
import { Rows } from '../view/rows.js';
import { duration, Time } from '../view/times.js';
import { Title } from '../view/title.js';

const REFRESH_MS = 3_000;

/** The processes that run tasks, as their heartbeats tell. */
export function WorkersPage() {
  const { t } = useTranslation();
  const query = useQuery({
    queryKey: ['workers'],
    queryFn: ({ signal }) => api.listWorkers({ signal }),
    refetchInterval: REFRESH_MS,
  });
  const { items } = query.data ?? {};
  return (
    <>
      <Title text={t('pages./workers')} />
      <p>{t('workers.about')}</p>
      {query.isError && <Failed error={query.error} retry={() => void query.refetch()} />}
      {query.isPending && <Skeleton active title={false} />}
      {items && <Processes of={items} />}
      {items?.some(({ alive }) => alive) && <Slots of={items.filter(({ alive }) => alive)} />}
    </>
  );
}

function Processes({ of }: { of: readonly WorkerDto[] }) {
  const { t } = useTranslation();
  return (
    <Rows
      rowKey="worker_id"
      dataSource={of}
      locale={{ emptyText: <Empty description={t('workers.none')} /> }}
      columns={[
        {
          title: t('workers.worker'),
          key: 'worker',
          render: (_, { worker_id }) => (
            <code>
              <Name text={worker_id} className="cell" />
            </code>
          ),
        },
        {
          title: t('chains.state'),
          key: 'state',
          render: (_, { alive }) => (
            <span className={`status status-${alive ? 'success' : 'failure'}`}>
              <span aria-hidden="true">{alive ? '✓' : '✗'}</span> {t(alive ? 'workers.alive' : 'workers.silent')}
            </span>
          ),
        },
        {
          title: t('workers.heartbeat'),
          key: 'heartbeat',
          render: (_, { silent_seconds: seconds }) => t('workers.ago', { time: duration(seconds * 1_000) }),
        },
        { title: t('workers.running'), dataIndex: 'running', key: 'running' },
        { title: t('workers.slots'), key: 'slots', render: (_, { slots }) => wordsOfSlots(slots, t('workers.each')) },
        { title: t('chains.started'), key: 'started', render: (_, { started_at }) => <Time at={started_at} /> },
      ]}
    />
  );
}

/** `2 × 26 types`: the types that have as many slots are counted together. */
function wordsOfSlots(slots: Readonly<Record<string, number>>, types: string): string {
  const counts = new Map<number, number>();
  for (const each of Object.values(slots)) counts.set(each, (counts.get(each) ?? 0) + 1);
  return [...counts].map(([each, count]) => `${each} × ${count} ${types}`).join(', ');
}

function Slots({ of }: { of: readonly WorkerDto[] }) {
  const { t } = useTranslation();
  const types = new Map<string, { workers: number; slots: number }>();
  for (const { slots } of of) {
    for (const [type, each] of Object.entries(slots)) {
      const { workers, slots: before } = types.get(type) ?? { workers: 0, slots: 0 };
      types.set(type, { workers: workers + 1, slots: before + each });
    }
  }
  const rows = [...types].map(([type, counts]) => ({ type, ...counts })).sort((a, b) => a.type.localeCompare(b.type));
  return (
    <>
      <h2>{t('workers.byType')}</h2>
      <Rows
        rowKey="type"
        dataSource={rows}
        columns={[
          {
            title: t('task.type'),
            key: 'type',
            render: (_, { type }) => (
              <Link to={`/chains?status=RUNNING&task_type=${encodeURIComponent(type)}`}>
                <Name text={type} />
              </Link>
            ),
          },
          { title: t('workers.slots'), dataIndex: 'slots', key: 'slots' },
          { title: t('pages./workers'), dataIndex: 'workers', key: 'workers' },
        ]}
      />
    </>
  );
}
