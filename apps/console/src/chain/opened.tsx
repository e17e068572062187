import { useQuery } from '@tanstack/react-query';
import { Empty, Skeleton } from 'antd';
import { useTranslation } from 'react-i18next';
import { ProblemError, type ArtifactDto, type TaskDetailDto, type TaskTypeDto } from '#client';
import { api } from '../api.js';
import { Command } from '../data/command.js';
import { useTaskTypes } from '../task-types.js';
import { Failed } from '../view/failed.js';
import { Name, shownText } from '../view/name.js';
import { Rows } from '../view/rows.js';
import { Time } from '../view/times.js';
import { WhatOpened } from '../view/what-opened.js';
import { AuditRows, useReadsAudit } from './audit.js';
import type { TaskPath } from './task-parts.js';

/** What leaves the parties of a task, by its engine and its protocol where that is known. */
function leavesOf(type: TaskTypeDto | undefined, { params }: TaskDetailDto): string | undefined {
  const { engine, task_config: config } = params as { engine?: string; task_config?: { protocol?: unknown } };
  const onEngine = type?.engine_leaves.filter((each) => each.engine === engine) ?? [];
  const byProtocol = onEngine.find(({ protocol }) => protocol === config?.protocol);
  return (byProtocol ?? onEngine[0])?.leaves ?? type?.leaves;
}

interface OpenedProps {
  readonly path: TaskPath;
  readonly of: TaskDetailDto;
  readonly moment: string;
}

/** What this task left to whom: its result to all readers of the chain, what it opened to one party, files, and what counts in the ledgers of data. */
export function Opened({ path, of, moment }: OpenedProps) {
  const { t } = useTranslation();
  const leaves = leavesOf(
    useTaskTypes().data?.find(({ task_type }) => task_type === of.task_type),
    of,
  );
  const readsAudit = useReadsAudit();
  const artifacts = useQuery({
    queryKey: ['artifacts', path, moment],
    queryFn: ({ signal }) => api.listTaskArtifacts({ path, signal }),
  });
  const files = new Map<string, ArtifactDto[]>();
  for (const each of artifacts.data?.items ?? []) {
    // Those at a site are with nobody else.
    const where = JSON.stringify([each.party, each.at_site]);
    files.set(where, [...(files.get(where) ?? []), each]);
  }
  const rows: readonly { key: string; to: string; site?: string | null; what: string }[] = [
    ...(of.result === null ? [] : [{ key: 'result', to: '', what: t('opened.result') }]),
    ...Object.entries(of.party_results ?? {}).map(([party, { withheld, value }]) => ({
      key: `result ${party}`,
      to: party,
      what: withheld ?? t(value === undefined ? 'opened.sealed' : 'opened.clear'),
    })),
    ...[...files].map(([where, all]) => ({
      key: `files ${where}`,
      to: all[0]?.party ?? '',
      site: all[0]?.at_site ?? null,
      what: `${t('opened.files', { count: all.length })}${t('colon')}${shownText(all.map(({ name }) => name).join(', '))}`,
    })),
  ];
  return (
    <>
      {leaves !== undefined && (
        <p>
          {t('types.leaves')}
          {t('colon')}
          {leaves}
        </p>
      )}
      {artifacts.isError && <Failed error={artifacts.error} retry={() => void artifacts.refetch()} />}
      <Rows
        rowKey="key"
        dataSource={rows}
        locale={{ emptyText: <Empty description={t('opened.nothing')} /> }}
        columns={[
          {
            title: t('data.openedTo'),
            key: 'to',
            render: (_, { to, site }) => {
              if (site != null) return <Name text={t('task.atSite', { party: site })} />;
              return to === '' ? t('opened.everybody') : <Name text={to} />;
            },
          },
          { title: t('data.what'), key: 'what', render: (_, { what }) => <span className="wrap">{what}</span> },
        ]}
      />
      <h2>{t('opened.ledger')}</h2>
      <Ledger path={path} moment={moment} />
      {readsAudit && (
        <>
          <h2>{t('audit.readers')}</h2>
          <AuditRows filter={{ target: `${path.chain_id}/${path.task_id}` }} moment={moment} />
        </>
      )}
    </>
  );
}

/** What the parties' own processes counted before they opened it. */
function Ledger({ path, moment }: Omit<OpenedProps, 'of'>) {
  const { t } = useTranslation();
  const query = useQuery({
    queryKey: ['openings', path, moment],
    queryFn: ({ signal }) => api.listTaskOpenings({ path, signal }),
  });
  if (isRefused(query.error)) return <p>{t('opened.notYours')}</p>;
  if (query.isError) return <Failed error={query.error} retry={() => void query.refetch()} />;
  if (query.isPending) return <Skeleton active title={false} />;
  if (query.data.kept_at === 'site') return <Command of="task-chain-node ledger ls">{t('opened.atSites')}</Command>;
  return (
    <Rows
      rowKey="seq"
      dataSource={query.data.items}
      locale={{ emptyText: <Empty description={t('opened.noEntry')} /> }}
      columns={[
        { title: t('history.when'), key: 'when', render: (_, { opened_at }) => <Time at={opened_at} /> },
        {
          title: t('opened.of'),
          key: 'of',
          render: (_, { party, versions }) => (
            <Name text={versions.map((each) => `${party}/${each}`).join(', ')} className="wrap" />
          ),
        },
        {
          title: t('data.openedTo'),
          key: 'to',
          render: (_, { to }) => <Name text={to.join(', ') || t('data.toNobody')} className="wrap" />,
        },
        { title: t('data.bits'), key: 'bits', render: (_, { bits }) => bits },
        { title: t('data.epsilon'), key: 'epsilon', render: (_, { epsilon }) => epsilon ?? '–' },
        { title: t('data.what'), key: 'what', render: (_, entry) => <WhatOpened of={entry} /> },
      ]}
    />
  );
}

const isRefused = (error: unknown): boolean => error instanceof ProblemError && error.status === 403;
