import { useQuery, type UseQueryResult } from '@tanstack/react-query';
import { Empty, Input, Skeleton } from 'antd';
import { useState, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { ArtifactDto } from '#client';
import { api } from '../api.js';
import { Failed } from '../view/failed.js';
import { Name, shownText } from '../view/name.js';
import { Rows } from '../view/rows.js';
import { duration, Time } from '../view/times.js';
import { between, CompareAttempts } from './compare-attempts.js';
import { TablePreview } from './table-preview.js';

export interface TaskPath {
  readonly chain_id: string;
  readonly task_id: string;
}
const LOG_REFRESH_MS = 2_000;
const LOG_LINES = 1_000;

function Loaded<T>({ query, children }: { query: UseQueryResult<T>; children: (data: T) => ReactNode }) {
  if (query.isError) return <Failed error={query.error} retry={() => void query.refetch()} />;
  if (query.isPending) return <Skeleton active title={false} />;
  return children(query.data!);
}

/** The files that a task made, to download; the beginning of tables. */
export function Artifacts({ path, moment }: { path: TaskPath; moment: string }) {
  const { t } = useTranslation();
  const query = useQuery({
    queryKey: ['artifacts', path, moment],
    queryFn: ({ signal }) => api.listTaskArtifacts({ path, signal }),
  });
  const href = ({ name }: ArtifactDto) => {
    const file = name.split('/').map(encodeURIComponent).join('/');
    return `/api/v1/chains/${encodeURIComponent(path.chain_id)}/tasks/${encodeURIComponent(path.task_id)}/artifacts/${file}`;
  };
  return (
    <Loaded query={query}>
      {({ items }) => (
        <>
          <Rows
            rowKey="reference"
            dataSource={items}
            locale={{ emptyText: <Empty description={t('task.noArtifact')} /> }}
            columns={[
              {
                title: t('chains.name'),
                key: 'name',
                render: (_, artifact) => (
                  <a href={href(artifact)} download>
                    <Name text={artifact.name} className="cell" />
                  </a>
                ),
              },
              { title: t('approvals.party'), key: 'party', render: (_, { party }) => party ?? '–' },
              { title: t('task.mediaType'), dataIndex: 'media_type' },
              { title: t('task.bytes'), dataIndex: 'size_bytes' },
            ]}
          />
          {items
            .filter(({ media_type }) => media_type.startsWith('text/csv'))
            .map((artifact) => (
              <TablePreview key={artifact.reference} name={artifact.name} href={href(artifact)} />
            ))}
        </>
      )}
    </Loaded>
  );
}

/** The attempts of a task: how long each waited and ran, and how it ended. */
export function Attempts({ path, moment }: { path: TaskPath; moment: string }) {
  const { t } = useTranslation();
  const query = useQuery({
    queryKey: ['attempts', path, moment],
    queryFn: ({ signal }) => api.listTaskAttempts({ path, signal }),
  });
  const span = (from: string | null, to: string | null) => {
    const ms = between(from, to);
    return ms === undefined ? '–' : duration(ms);
  };
  return (
    <Loaded query={query}>
      {({ items }) => (
        <>
          <Rows
            rowKey="attempt"
            dataSource={items}
            locale={{ emptyText: <Empty description={t('task.noAttempt')} /> }}
            columns={[
              { title: t('task.attempt'), dataIndex: 'attempt' },
              {
                title: t('chains.state'),
                key: 'outcome',
                render: (_, { outcome }) => t(`outcome.${outcome}`, { defaultValue: outcome }),
              },
              { title: t('chain.queued'), key: 'queued', render: (_, each) => span(each.queued_at, each.started_at) },
              { title: t('chain.ran'), key: 'ran', render: (_, each) => span(each.started_at, each.finished_at) },
              { title: t('chains.started'), key: 'started', render: (_, { started_at }) => <Time at={started_at} /> },
              {
                title: t('task.worker'),
                key: 'worker',
                render: (_, { worker_id }) => <Name text={worker_id ?? '–'} />,
              },
              {
                title: t('task.error'),
                key: 'error',
                render: (_, { error }) =>
                  error && <Name text={`${error.code}: ${error.message}`} className="cell wide" />,
              },
            ]}
          />
          <CompareAttempts of={items} />
        </>
      )}
    </Loaded>
  );
}

/** The log of a task, with search and download. */
export function Logs({ path, running }: { path: TaskPath; running: boolean }) {
  const { t } = useTranslation();
  const [text, find] = useState('');
  const query = useQuery({
    queryKey: ['logs', path, running],
    queryFn: ({ signal }) => readLog(path, signal),
    refetchInterval: running ? LOG_REFRESH_MS : false,
  });
  return (
    <Loaded query={query}>
      {(lines) => {
        const found = lines.filter((line) => line.toLowerCase().includes(text.toLowerCase()));
        if (lines.length === 0) return <Empty description={t('task.noLog')} />;
        const file = `data:text/plain;charset=utf-8,${encodeURIComponent(lines.join('\n').toWellFormed())}`;
        return (
          <>
            <Input.Search
              allowClear
              className="search"
              aria-label={t('task.findLog')}
              placeholder={t('task.findLog')}
              onChange={({ target }) => find(target.value)}
            />{' '}
            <a href={file} download={`${path.task_id.slice(0, 80)}.log`}>
              {t('task.download')}
            </a>
            <pre className="json" tabIndex={0} role="log" aria-label={t('task.logs')}>
              {found.map((line) => shownText(line, 2_000)).join('\n')}
            </pre>
          </>
        );
      }}
    </Loaded>
  );
}

/** The newest lines of the log. */
async function readLog(path: TaskPath, signal: AbortSignal): Promise<string[]> {
  const lines: string[] = [];
  for await (const line of api.allTaskLogs(path.chain_id, path.task_id, {}, signal)) {
    lines.push(`${line.logged_at} #${line.attempt} ${line.level.toUpperCase()} ${line.message}`);
    if (lines.length > LOG_LINES) lines.shift();
  }
  return lines;
}
