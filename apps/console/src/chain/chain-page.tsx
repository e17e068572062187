import { Button, Progress, Skeleton, Space, Tabs, Tag } from 'antd';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link, useParams, useSearchParams } from 'react-router';
import type { ChainSummaryDto } from '#client';
import { Fact } from '../view/fact.js';
import { Failed } from '../view/failed.js';
import { Later } from '../view/later.js';
import { Name } from '../view/name.js';
import { Status } from '../view/status.js';
import { duration, Time, useNow } from '../view/times.js';
import { Title } from '../view/title.js';
import type { Action } from './action.js';
import { ActionModal } from './action-modal.js';
import { chainActions } from './actions.js';
import { AuditRows, useReadsAudit } from './audit.js';
import { ChainFailure } from './chain-failure.js';
import { Gantt } from './gantt.js';
import { Graph } from './graph.js';
import { History } from './history.js';
import { useLiveChain, type LiveChain } from './live-chain.js';
import { TaskDrawer } from './task-drawer.js';
import { TaskTable } from './task-table.js';

/** A chain as it runs. The view and the chosen task are in the address. */
export default function ChainPage() {
  const { chainId = '' } = useParams();
  return <Chain key={chainId} chainId={chainId} />;
}

function Chain({ chainId }: { chainId: string }) {
  const { t } = useTranslation();
  const [search, setSearch] = useSearchParams();
  const [action, act] = useState<Action>();
  const live = useLiveChain(chainId);
  const readsAudit = useReadsAudit();
  const { chain, tasks } = live;
  const set = (name: string, value: string | undefined) => {
    const next = new URLSearchParams(search);
    if (value === undefined) next.delete(name);
    else next.set(name, value);
    setSearch(next, { replace: true });
  };
  const open = (task: string) => set('task', task);
  const taskId = search.get('task');
  if (chain === undefined) {
    if (live.error === undefined) return <Skeleton active title={false} />;
    return (
      <>
        <Title text={chainId} />
        <Failed error={live.error} retry={live.restart} />
      </>
    );
  }
  return (
    <>
      <Title text={chain.chain_name}>
        <Status of={chain.status} />
        <StreamState of={live} />
        <Space wrap role="group" aria-label={t('chain.actions')}>
          {chainActions(chainId, chain.status).map((each) => (
            <Button key={each.name} danger={each.danger ?? false} onClick={() => act(each)}>
              {t(`actions.${each.name}`)}
            </Button>
          ))}
        </Space>
      </Title>
      {live.error !== undefined && <Failed error={live.error} retry={live.restart} />}
      <Facts of={chain} />
      {chain.error && <ChainFailure of={chain.error} tasks={tasks} />}
      <Tabs
        activeKey={search.get('view') ?? 'graph'}
        onChange={(view) => set('view', view === 'graph' ? undefined : view)}
        destroyOnHidden
        items={[
          {
            key: 'graph',
            label: t('chain.graph'),
            children: (
              <Later>
                <Graph chainId={chainId} tasks={tasks} open={open} />
              </Later>
            ),
          },
          {
            key: 'gantt',
            label: t('chain.gantt'),
            children: (
              <Later>
                <Gantt chain={chain} tasks={tasks} open={open} />
              </Later>
            ),
          },
          {
            key: 'table',
            label: t('chain.table'),
            children: (
              <Later>
                <TaskTable tasks={tasks} open={open} />
              </Later>
            ),
          },
          { key: 'history', label: t('chain.history'), children: <History chain={chain} /> },
          ...(readsAudit ? [{ key: 'audit', label: t('audit.title'), children: <Audit chain={chain} /> }] : []),
        ]}
      />
      {taskId !== null && (
        <TaskDrawer
          chain={chain}
          live={tasks.find(({ task_id }) => task_id === taskId)}
          tasks={tasks}
          taskId={taskId}
          act={act}
          close={() => set('task', undefined)}
          open={open}
        />
      )}
      {action && <ActionModal action={action} close={() => act(undefined)} done={live.restart} />}
    </>
  );
}

function Audit({ chain: { chain_id, version } }: { chain: ChainSummaryDto }) {
  const { t } = useTranslation();
  return (
    <>
      <p className="dim">{t('audit.about')}</p>
      <AuditRows filter={{ target: chain_id }} moment={version} />
    </>
  );
}

function StreamState({ of }: { of: LiveChain }) {
  const { t } = useTranslation();
  return (
    <span className={`stream stream-${of.stream}`} role="status">
      {t(`stream.${of.stream}`)}
    </span>
  );
}

function Facts({ of }: { of: ChainSummaryDto }) {
  const { t } = useTranslation();
  const now = useNow(of.status === 'RUNNING');
  const end = of.completed_at === null ? now : Date.parse(of.completed_at);
  return (
    <div className="summary">
      <Progress
        aria-label={t('chains.progress')}
        percent={Math.round(of.progress)}
        status={of.status === 'FAILURE' ? 'exception' : of.status === 'SUCCESS' ? 'success' : 'normal'}
        format={() => `${of.completed_tasks}/${of.total_tasks}`}
        className="bar"
      />
      <dl className="facts row">
        <Fact name={t('chains.type')}>{t(`chainType.${of.chain_type}`)}</Fact>
        <Fact name={t('chains.owner')}>
          <Name text={of.created_by ?? '–'} />
        </Fact>
        <Fact name={t('chains.started')}>
          <Time at={of.started_at} />
        </Fact>
        <Fact name={t('chains.took')}>{of.started_at === null ? '–' : duration(end - Date.parse(of.started_at))}</Fact>
        {of.template_id !== null && <Made of={of} />}
        {(['compensates', 'compensated_by', 'parent_chain_id'] as const).map((field) => (
          <OtherChain key={field} field={field} chainId={of[field]} />
        ))}
        <Fact name={t('chain.run')}>{of.epoch}</Fact>
        <Fact name={t('chain.id')}>
          <code className="wrap">{of.chain_id}</code>
        </Fact>
      </dl>
      {of.description !== null && (
        <p>
          <Name text={of.description} />
        </p>
      )}
      {Object.entries(of.labels).map(([key, value]) => (
        <Tag key={key}>
          <Name text={`${key}=${String(value)}`} />
        </Tag>
      ))}
    </div>
  );
}

/** A chain that belongs to this one: it undoes it, is undone by it, or runs it. */
function OtherChain({ field, chainId }: { field: keyof ChainSummaryDto & string; chainId: string | null }) {
  const { t } = useTranslation();
  if (chainId === null) return null;
  return (
    <Fact name={t(`chain.${field}`)}>
      <Link to={`/chains/${encodeURIComponent(chainId)}`}>
        <code className="wrap">{chainId}</code>
      </Link>
    </Fact>
  );
}

/** The template that a chain was made of, and how it differs from it. */
function Made({ of: { chain_id, template_id, template_version } }: { of: ChainSummaryDto }) {
  const { t } = useTranslation();
  const address = `/templates/${encodeURIComponent(template_id!)}`;
  return (
    <Fact name={t('chain.template')}>
      <Link to={`${address}?version=${template_version}`}>
        {template_id}, {t('templates.version', { number: template_version })}
      </Link>{' '}
      (<Link to={`${address}?view=compare&chain=${encodeURIComponent(chain_id)}`}>{t('chain.templateDiff')}</Link>)
    </Fact>
  );
}
