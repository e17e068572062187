import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { Button, Empty, Grid, Input, Select, Space, Tag } from 'antd';
import { memo, useCallback, useDeferredValue, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link, useSearchParams } from 'react-router';
import type { ChainSummaryDto, ListChainsData } from '#client';
import type { Action } from '../chain/action.js';
import { ActionModal } from '../chain/action-modal.js';
import { BULK, bulkAction } from '../chain/actions.js';
import { api } from '../api.js';
import { Failed } from '../view/failed.js';
import { Name, shownText } from '../view/name.js';
import { Rows } from '../view/rows.js';
import { Status } from '../view/status.js';
import { duration, Time, useNow } from '../view/times.js';
import { Title } from '../view/title.js';
import { Days } from './days.js';
import { FilterBox } from './filter-box.js';
import { Alike, COMPARED, useLikeChains } from './like-chains.js';
import { SavedViews } from './saved-views.js';
import { PLACES } from './views.js';

const STATUSES = ['PENDING', 'RUNNING', 'PAUSED', 'SUCCESS', 'FAILURE', 'CANCELLED'];
const TYPES = ['sequential', 'parallel', 'chord', 'complex'];
/** Filters that are texts. All filters are in the address of the page. */
const TEXTS = ['q', 'created_by', 'task_type', 'labels'] as const;
/** Set by links from a task that runs chains. */
const PARENT = 'parent_chain_id';
const REFRESH_MS = 3_000;
const PAGE_SIZE = 50;
/** What the page shows; metadata may have megabytes. The API prepares the read of these fields. */
const FIELDS =
  'chain_name,chain_type,status,progress,completed_tasks,total_tasks,created_at,started_at,completed_at,created_by,labels,template_id,parent_turn';
/** Pages have numbers up to here; chains behind are read on from the last of a page. */
const MOST_NUMBERED = 10_000;
type Query = NonNullable<ListChainsData['query']>;
const NONE: readonly ChainSummaryDto[] = [];
const pageOf = (search: URLSearchParams): number => Number(search.get('page') ?? 1);

/** All chains, a page at a time from the server. */
export function ChainsPage({ actor }: { actor: string }) {
  const { t } = useTranslation();
  const [search, setSearch] = useSearchParams();
  const [chosen, choose] = useState<string[]>([]);
  const [action, act] = useState<Action>();
  const filters = Object.fromEntries([...search].filter(([, value]) => value !== ''));
  const query = useQuery({
    queryKey: ['chains', filters],
    queryFn: ({ signal }) =>
      api.listChains({ query: { page_size: PAGE_SIZE, ...filters, fields: FIELDS } as Query, signal }),
    placeholderData: keepPreviousData,
    refetchInterval: REFRESH_MS,
  });
  useLikeChains();
  const set = useCallback(
    (name: string, value: string) => {
      setSearch(
        (search) => {
          const next = new URLSearchParams(search);
          for (const place of PLACES) next.delete(place);
          if (value === '') next.delete(name);
          else next.set(name, value);
          return next;
        },
        // From a page behind the numbered ones the browser goes back.
        { replace: name !== 'cursor' },
      );
      choose([]);
    },
    [setSearch],
  );
  const filterCount = Object.keys(filters).filter((name) => !PLACES.includes(name) && name !== 'sort').length;
  const { items = NONE, total, next_cursor: cursor } = query.data ?? {};
  const drawn = useDeferredValue(items, NONE);
  const isBehind = search.has('cursor') || pageOf(search) * PAGE_SIZE >= MOST_NUMBERED;
  return (
    <>
      <Title text={t('pages./chains')}>
        <SavedViews
          actor={actor}
          search={search}
          open={(next) => {
            setSearch(next);
            choose([]);
          }}
        />
      </Title>
      <FilterBox count={filterCount}>
        <Filters search={search} set={set} />
      </FilterBox>
      {query.isError && <Failed error={query.error} retry={() => void query.refetch()} />}
      <Space wrap className="bulk" role="group" aria-label={t('chains.bulk')}>
        {BULK.map((name) => (
          <Button key={name} disabled={chosen.length === 0} onClick={() => act(bulkAction(name, chosen))}>
            {t(`actions.${name}`)}
          </Button>
        ))}
        <span className="dim" aria-live="polite">
          {typeof total === 'number'
            ? t('chains.chosen', { chosen: chosen.length, total })
            : t('chains.chosenHere', { chosen: chosen.length })}
        </span>
      </Space>
      <ChainTable
        items={drawn}
        isUnread={query.isError}
        // Rows that are there but not drawn yet are no sign that there are none.
        loading={query.isPending || (drawn.length === 0 && items.length > 0)}
        isFiltered={filterCount > 0}
        chosen={chosen}
        choose={choose}
        total={total ?? 0}
        set={set}
      />
      {isBehind && (
        <Space className="note">
          <Button onClick={() => set('page', '')}>{t('chains.first')}</Button>
          <Button disabled={!cursor || query.isPlaceholderData} onClick={() => set('cursor', cursor!)}>
            {t('chains.next')}
          </Button>
        </Space>
      )}
      {items.length > 0 && <p className="dim">{t('chains.aboutAlike', { compared: COMPARED })}</p>}
      {action && <ActionModal action={action} close={() => act(undefined)} done={() => void query.refetch()} />}
    </>
  );
}

function Filters({ search, set }: { search: URLSearchParams; set: (name: string, value: string) => void }) {
  const { t } = useTranslation();
  const many = (name: string, values: readonly string[], label: (value: string) => string) => (
    <Select
      mode="multiple"
      allowClear
      className="filter"
      aria-label={t(`chains.filters.${name}`)}
      placeholder={t(`chains.filters.${name}`)}
      value={search.get(name)?.split(',') ?? []}
      options={values.map((value) => ({ value, label: label(value) }))}
      onChange={(chosen: string[]) => set(name, chosen.join(','))}
    />
  );
  return (
    <search className="filters">
      {[...TEXTS, ...(search.has(PARENT) ? [PARENT] : [])].map((name) => (
        <Input.Search
          key={`${name} ${search.get(name) ?? ''}`}
          allowClear
          className="filter"
          maxLength={255}
          defaultValue={search.get(name) ?? ''}
          aria-label={t(`chains.filters.${name}`)}
          placeholder={t(`chains.filters.${name}`)}
          onSearch={(text) => set(name, text)}
        />
      ))}
      <Days search={search} set={set} />
      {many('status', STATUSES, (value) => t(`status.${value}`))}
      {many('chain_type', TYPES, (value) => t(`chainType.${value}`))}
      <Select
        className="filter"
        aria-label={t('chains.filters.sort')}
        value={search.get('sort') ?? '-created_at'}
        options={['-created_at', 'created_at', '-completed_at', 'chain_name'].map((value) => ({
          value,
          label: t(`chains.sorts.${value}`),
        }))}
        onChange={(value) => set('sort', value === '-created_at' ? '' : value)}
      />
    </search>
  );
}

interface TableProps {
  readonly items: readonly ChainSummaryDto[];
  readonly loading: boolean;
  /** Nobody knows then whether there are none. */
  readonly isUnread: boolean;
  readonly isFiltered: boolean;
  readonly chosen: string[];
  readonly choose: (ids: string[]) => void;
  readonly total: number;
  readonly set: (name: string, value: string) => void;
}

/**
 * Drawn in pieces after all around it: 50 rows at once would keep the page from answering for longer than 50 ms. What arrives or ticks
 * beside the rows draws its own cells alone.
 */
const ChainTable = memo(function ChainTable({
  items,
  loading,
  isUnread,
  isFiltered,
  chosen,
  choose,
  total,
  set,
}: TableProps) {
  const { t } = useTranslation();
  const [search, setSearch] = useSearchParams();
  // On a phone the state is in sight beside the name, without a swipe.
  const { sm, xl } = Grid.useBreakpoint();
  const [isPhone, isNarrow] = [sm === false, xl === false];
  const empty = isFiltered ? (
    <>
      {t('chains.noneFit')}{' '}
      <Button size="small" onClick={() => setSearch({})}>
        {t('chains.clear')}
      </Button>
    </>
  ) : (
    t('chains.none')
  );
  const labelled = {
    title: t('chains.labels'),
    key: 'labels',
    width: 180,
    render: (_: unknown, { labels }: ChainSummaryDto) => (
      <span className="cell labels">
        {Object.entries(labels).map(([key, value]) => (
          <Tag key={key}>
            <Name text={`${key}=${String(value)}`} />
          </Tag>
        ))}
      </span>
    ),
  };
  return (
    <Rows
      rowKey="chain_id"
      loading={loading}
      dataSource={items}
      locale={{ emptyText: loading || isUnread ? null : <Empty description={empty} /> }}
      rowSelection={{
        columnWidth: 40,
        selectedRowKeys: chosen,
        onChange: (keys) => choose(keys.map(String)),
        getCheckboxProps: ({ chain_name }) => ({ 'aria-label': shownText(chain_name) }) as object,
        getTitleCheckboxProps: () => ({ 'aria-label': t('chains.all') }) as object,
      }}
      pagination={
        !search.has('cursor') && {
          current: pageOf(search),
          pageSize: PAGE_SIZE,
          total: Math.min(total, MOST_NUMBERED),
          onChange: (to) => set('page', to === 1 ? '' : String(to)),
          showSizeChanger: false,
          hideOnSinglePage: true,
        }
      }
      columns={[
        {
          title: t('chains.name'),
          key: 'name',
          width: isPhone ? 166 : 230,
          render: (_, { chain_id, chain_name }) => (
            <Link to={`/chains/${encodeURIComponent(chain_id)}`} className="cell named">
              <Name text={chain_name} />
            </Link>
          ),
        },
        { title: t('chains.state'), key: 'status', width: 95, render: (_, { status }) => <Status of={status} /> },
        {
          title: t('chains.progress'),
          key: 'progress',
          width: 140,
          render: (_, { progress, status, completed_tasks, total_tasks, chain_name }) => (
            <span className="bar">
              <progress
                aria-label={shownText(chain_name)}
                max={100}
                value={Math.round(progress)}
                className={`status-${status.toLowerCase()}`}
              />{' '}
              {completed_tasks}/{total_tasks}
            </span>
          ),
        },
        ...(items.some(({ parent_turn }) => parent_turn !== null)
          ? [{ title: t('chains.turn'), dataIndex: 'parent_turn', key: 'turn', width: 60 }]
          : []),
        { title: t('chains.took'), key: 'took', width: 100, render: (_, chain) => <Took of={chain} /> },
        {
          title: t('chains.alike'),
          key: 'alike',
          width: 105,
          render: (_, chain) => <Alike to={chain} />,
        },
        {
          title: t('chains.type'),
          key: 'type',
          width: 95,
          render: (_, { chain_type }) => t(`chainType.${chain_type}`),
        },
        {
          title: t('chains.owner'),
          key: 'owner',
          width: 136,
          render: (_, { created_by }) => <Name text={created_by ?? '–'} className="cell short" />,
        },
        ...(items.some(({ labels }) => Object.keys(labels).length > 0) ? [labelled] : []),
        {
          title: t('chains.created'),
          key: 'created',
          width: isNarrow ? 160 : 270,
          render: (_, { created_at }) => <Time at={created_at} />,
        },
      ]}
    />
  );
});

/** How long a chain has taken so far. */
function Took({ of: { status, started_at: from, completed_at: to } }: { of: ChainSummaryDto }) {
  const now = useNow(status === 'RUNNING');
  return <>{from === null ? '–' : duration((to === null ? now : Date.parse(to)) - Date.parse(from))}</>;
}
