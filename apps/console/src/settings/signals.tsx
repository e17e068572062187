import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { Empty, Input, Select, Skeleton } from 'antd';
import { useTranslation } from 'react-i18next';
import { Link, useSearchParams } from 'react-router';
import type { ListSignalsData } from '#client';
import { api } from '../api.js';
import { Failed } from '../view/failed.js';
import { Json } from '../view/json.js';
import { Name } from '../view/name.js';
import { Pager } from '../view/pager.js';
import { Rows } from '../view/rows.js';
import { Time } from '../view/times.js';

const STATUSES = ['STORED', 'DELIVERED', 'REJECTED', 'EXPIRED'] as const;
const FILTERS = ['name', 'key', 'status'] as const;
const TEXTS = ['name', 'key'] as const;
const REFRESH_MS = 5_000;

/** Events from outside and the tasks that got them. Filters and page are in the address. */
export function Signals() {
  const { t } = useTranslation();
  const [search, setSearch] = useSearchParams();
  const page = Math.max(1, Math.floor(Number(search.get('page'))) || 1);
  const filters = Object.fromEntries(FILTERS.flatMap((name) => (search.get(name) ? [[name, search.get(name)!]] : [])));
  const query = useQuery({
    queryKey: ['signals', filters, page],
    queryFn: ({ signal }) =>
      api.listSignals({ query: { ...filters, page } as ListSignalsData['query'] & object, signal }),
    placeholderData: keepPreviousData,
    refetchInterval: REFRESH_MS,
  });
  const set = (name: string, value: string) => {
    const next = new URLSearchParams(search);
    next.delete('page');
    if (value === '') next.delete(name);
    else next.set(name, value);
    setSearch(next, { replace: true });
  };
  return (
    <>
      <p>{t('settings.signalsAbout')}</p>
      <search className="filters">
        {TEXTS.map((name) => (
          <Input.Search
            key={`${name} ${search.get(name) ?? ''}`}
            allowClear
            className="filter"
            maxLength={name === 'name' ? 64 : 255}
            defaultValue={search.get(name) ?? ''}
            aria-label={t(`settings.signalFilters.${name}`)}
            placeholder={t(`settings.signalFilters.${name}`)}
            onSearch={(text) => set(name, text.trim())}
          />
        ))}
        <Select
          allowClear
          className="filter"
          aria-label={t('chains.state')}
          placeholder={t('chains.state')}
          value={search.get('status')}
          options={STATUSES.map((value) => ({ value, label: t(`settings.signalStates.${value}`) }))}
          onChange={(value: string | undefined) => set('status', value ?? '')}
        />
      </search>
      {query.isError && <Failed error={query.error} retry={() => void query.refetch()} />}
      <Rows
        rowKey="signal_id"
        loading={query.isPending}
        dataSource={query.data?.items ?? []}
        locale={{ emptyText: <Empty description={t('settings.noSignal')} /> }}
        expandable={{
          columnTitle: t('settings.payload'),
          columnWidth: 80,
          expandedRowRender: ({ signal_id }) => <Payload id={signal_id} />,
        }}
        columns={[
          { title: t('chains.name'), key: 'name', render: (_, { name }) => <Name text={name} className="cell" /> },
          {
            title: t('settings.signalFilters.key'),
            key: 'key',
            render: (_, { key }) => <Name text={key} className="cell" />,
          },
          {
            title: t('chains.state'),
            key: 'status',
            render: (_, { status, reason }) => (
              <>
                {t(`settings.signalStates.${status}`)}{' '}
                {reason !== null && <Name text={reason} className="cell wide block dim" />}
              </>
            ),
          },
          {
            title: t('task.task'),
            key: 'task',
            render: (_, { chain_id: chain, task_id: task }) =>
              chain === null ? (
                '–'
              ) : (
                <Link to={`/chains/${encodeURIComponent(chain)}?task=${encodeURIComponent(task ?? '')}`}>
                  <Name text={task ?? chain} className="cell short" />
                </Link>
              ),
          },
          {
            title: t('chains.owner'),
            key: 'by',
            render: (_, { created_by: by }) => <Name text={by ?? '–'} className="cell short" />,
          },
          { title: t('chains.created'), key: 'created', render: (_, { created_at }) => <Time at={created_at} /> },
        ]}
      />
      <Pager
        page={page}
        hasMore={query.data?.has_more === true}
        turn={(to) => set('page', to === 1 ? '' : String(to))}
      />
    </>
  );
}

/** What its task gets, in full: it is read only when it is looked at. */
function Payload({ id }: { id: string }) {
  const { t } = useTranslation();
  const query = useQuery({
    queryKey: ['signal', id],
    queryFn: ({ signal }) => api.getSignal({ path: { signal_id: id }, signal }),
  });
  if (query.isError) return <Failed error={query.error} retry={() => void query.refetch()} />;
  if (query.isPending) return <Skeleton active title={false} paragraph={{ rows: 1 }} />;
  return (
    <>
      <p>
        {t('settings.signalUntil')} <Time at={query.data.expires_at} ahead={query.data.status === 'STORED'} />
      </p>
      <Json value={query.data.payload} label={t('settings.payload')} />
    </>
  );
}
