import { useQuery, type UseQueryResult } from '@tanstack/react-query';
import { Empty, Skeleton } from 'antd';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { ArtifactDto, AttemptDto } from '#client';
import { api } from '../api.js';
import { Failed } from '../view/failed.js';
import { Name } from '../view/name.js';
import { Rows } from '../view/rows.js';
import { Status } from '../view/status.js';
import { duration, Time } from '../view/times.js';
import { between, CompareAttempts } from './compare-attempts.js';
import { isTable } from './first-rows.js';
import { ReportFrame } from './report-frame.js';
import { TablePreview } from './table-preview.js';

export interface TaskPath {
  readonly chain_id: string;
  readonly task_id: string;
}

/** What was asked for, or why it is not there yet. */
function Loaded<T>({ query, children }: { query: UseQueryResult<T>; children: (data: T) => ReactNode }) {
  if (query.isError) return <Failed error={query.error} retry={() => void query.refetch()} />;
  if (query.isPending) return <Skeleton active title={false} />;
  return children(query.data!);
}

/** The files that a task made, to download; the beginning of tables, and reports. */
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
                render: (_, artifact) =>
                  artifact.at_site === null ? (
                    <a href={href(artifact)} download>
                      <Name text={artifact.name} className="cell" />
                    </a>
                  ) : (
                    <Name text={artifact.name} className="cell" />
                  ),
              },
              {
                title: t('approvals.party'),
                key: 'party',
                render: (_, { party, at_site: site }) =>
                  site === null ? (party ?? '–') : t('task.atSite', { party: site }),
              },
              { title: t('task.mediaType'), dataIndex: 'media_type' },
              { title: t('task.bytes'), dataIndex: 'size_bytes' },
            ]}
          />
          {items.map((artifact) => {
            const { reference, name, media_type: mediaType, at_site: site } = artifact;
            if (site !== null) return null;
            if (isTable(mediaType)) {
              return <TablePreview key={reference} name={name} href={href(artifact)} mediaType={mediaType} />;
            }
            return (
              mediaType.startsWith('text/html') && <ReportFrame key={reference} name={name} href={href(artifact)} />
            );
          })}
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
                render: (_, { outcome }) => (
                  <Status of={outcome} word={t(`outcome.${outcome}`, { defaultValue: outcome })} />
                ),
              },
              // Beside the state, where it is in sight, and only if there is one.
              ...(items.some(({ error }) => error !== null)
                ? [
                    {
                      title: t('task.error'),
                      key: 'error',
                      render: (_: unknown, { error }: AttemptDto) =>
                        error && <Name text={`${error.code}: ${error.message}`} className="cell wide" />,
                    },
                  ]
                : []),
              { title: t('chain.queued'), key: 'queued', render: (_, each) => span(each.queued_at, each.started_at) },
              { title: t('chain.ran'), key: 'ran', render: (_, each) => span(each.started_at, each.finished_at) },
              { title: t('chains.started'), key: 'started', render: (_, { started_at }) => <Time at={started_at} /> },
              {
                title: t('task.worker'),
                key: 'worker',
                render: (_, { worker_id }) => <Name text={worker_id ?? '–'} />,
              },
            ]}
          />
          <CompareAttempts of={items} />
        </>
      )}
    </Loaded>
  );
}
