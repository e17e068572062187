import { Button, Skeleton, Space, Tabs } from 'antd';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useParams, useSearchParams } from 'react-router';
import type { ChainSummaryDto } from '#client';
import { Failed } from '../view/failed.js';
import { Later } from '../view/later.js';
import { Status } from '../view/status.js';
import { Title } from '../view/title.js';
import type { Action } from './action.js';
import { ActionModal } from './action-modal.js';
import { chainActions } from './actions.js';
import { AuditRows, useReadsAudit } from './audit.js';
import { ChainFacts } from './chain-facts.js';
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
      <ChainFacts of={chain} open={open} />
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
