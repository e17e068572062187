import { useQuery } from '@tanstack/react-query';
import { Button, Empty, Skeleton, Tabs } from 'antd';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link, useParams, useSearchParams } from 'react-router';
import type { DatasetDto } from '#client';
import { api } from '../api.js';
import { Failed } from '../view/failed.js';
import { Name, shownText } from '../view/name.js';
import { Rows } from '../view/rows.js';
import { Time } from '../view/times.js';
import { WhatOpened } from '../view/what-opened.js';
import { Title } from '../view/title.js';
import { Account } from './account.js';
import { Command } from './command.js';
import { PolicyEditor } from './policy-editor.js';

const LEDGER_PAGE = 50;

/** A dataset: its versions, the policy of its owner, what was opened of it. The view is in the address. */
export default function DatasetPage() {
  const { t } = useTranslation();
  const { party = '', name = '' } = useParams();
  const [search, setSearch] = useSearchParams();
  const query = useQuery({ queryKey: ['datasets'], queryFn: ({ signal }) => api.listDatasets({ signal }) });
  const versions = (query.data?.items ?? [])
    .filter((each) => each.party === party && each.name === name)
    .sort((a, b) => b.version - a.version);
  const [newest] = versions;
  return (
    <>
      <Title text={`${party}/${name}`}>
        <Link to={`/data?party=${encodeURIComponent(party)}`}>{t('data.allOf', { party: shownText(party, 64) })}</Link>
      </Title>
      {query.isError && <Failed error={query.error} retry={() => void query.refetch()} />}
      {query.isPending && <Skeleton active title={false} />}
      {query.isSuccess && newest === undefined && <Empty description={t('data.noDataset')} />}
      {newest !== undefined && (
        <Tabs
          activeKey={search.get('view') ?? 'versions'}
          onChange={(view) => setSearch(view === 'versions' ? {} : { view }, { replace: true })}
          destroyOnHidden
          items={[
            { key: 'versions', label: t('data.versions'), children: <Versions of={versions} /> },
            { key: 'policy', label: t('data.policy'), children: <PolicyEditor of={newest} /> },
            { key: 'ledger', label: t('data.ledger'), children: <Ledger party={party} name={name} /> },
          ]}
        />
      )}
    </>
  );
}

function Versions({ of }: { of: readonly DatasetDto[] }) {
  const { t } = useTranslation();
  const [{ party: owner, name: dataset, kept_at: kept }] = of as [DatasetDto];
  const versions = of.map(({ version, rows, columns, format, removed, reference, party, name }) => (
    <section key={version}>
      <h2>
        <code>{shownText(reference)}</code>
      </h2>
      <p>
        {removed ? t('data.removed') : t('data.open')}, {format}, {t('data.rows')}
        {t('colon')}
        {rows ?? t('data.hidden')}
      </p>
      <details open={version === of[0]!.version}>
        <summary>
          {t('data.columns')}
          {t('colon')}
          {columns.length}
        </summary>
        <ul className="columns">
          {columns.map((column) => (
            <li key={column.name}>
              <Name text={column.name} /> <span className="dim">{column.type}</span>
            </li>
          ))}
        </ul>
      </details>
      <Command
        of={`task-chain datasets ${removed ? 'restore' : 'rm'} ${party}/${name}@${version} --key ~/${party}/${party}.key`}
      >
        {t(removed ? 'data.toRestore' : 'data.toRemove')}
      </Command>
    </section>
  ));
  return (
    <>
      {kept === 'site' && (
        <Command of={`task-chain-node datasets show ${dataset}`}>
          {t('data.copy', { party: shownText(owner, 64) })}
        </Command>
      )}
      {versions}
    </>
  );
}

/** What was opened of a dataset, newest first, as the workers told the server. */
function Ledger({ party, name }: { party: string; name: string }) {
  const { t } = useTranslation();
  const [before, turn] = useState<number>();
  const query = useQuery({
    queryKey: ['ledger', party, name, before],
    queryFn: ({ signal }) =>
      api.listDatasetLedger({
        path: { party, name },
        query: { limit: LEDGER_PAGE, ...(before !== undefined && { before }) },
        signal,
      }),
  });
  if (query.isError) return <Failed error={query.error} retry={() => void query.refetch()} />;
  const next = query.data?.next_before;
  return (
    <>
      {query.data?.kept_at === 'site' && (
        <Command of={`task-chain-node ledger show ${name}`}>
          {t('data.ledgerAtSite', { party: shownText(party, 64) })}
        </Command>
      )}
      {query.data?.kept_at === 'worker' && <p>{t('data.ledgerAbout')}</p>}
      {query.isSuccess && <Account party={party} name={name} />}
      <Rows
        rowKey="seq"
        loading={query.isPending}
        dataSource={query.data?.items ?? []}
        locale={{ emptyText: <Empty description={t('data.nothingOpened')} /> }}
        columns={[
          { title: t('history.when'), key: 'when', render: (_, { opened_at }) => <Time at={opened_at} /> },
          {
            title: t('task.task'),
            key: 'task',
            render: (_, { chain_id, task_id, task_type }) => (
              <>
                <Link to={`/chains/${encodeURIComponent(chain_id)}?task=${encodeURIComponent(task_id)}`}>
                  <Name text={task_id} className="cell short" />
                </Link>{' '}
                <code>{shownText(task_type, 40)}</code>
              </>
            ),
          },
          {
            title: t('data.versions'),
            key: 'versions',
            render: (_, { versions }) => <Name text={versions.join(', ')} />,
          },
          {
            title: t('data.openedTo'),
            key: 'to',
            render: (_, { to }) => <Name text={to.join(', ') || t('data.toNobody')} />,
          },
          { title: t('data.bits'), key: 'bits', render: (_, { bits }) => bits },
          { title: t('data.epsilon'), key: 'epsilon', render: (_, { epsilon }) => epsilon ?? '–' },
          {
            title: t('data.what'),
            key: 'what',
            render: (_, entry) => <WhatOpened of={entry} />,
          },
        ]}
      />
      {(before !== undefined || typeof next === 'number') && (
        <p>
          <Button disabled={before === undefined} onClick={() => turn(undefined)}>
            {t('data.newest')}
          </Button>{' '}
          <Button disabled={typeof next !== 'number'} onClick={() => turn(next ?? undefined)}>
            {t('chain.after')}
          </Button>
        </p>
      )}
    </>
  );
}
