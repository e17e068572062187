import { useQuery } from '@tanstack/react-query';
import { Empty, Input, Select, Tag } from 'antd';
import { useTranslation } from 'react-i18next';
import { Link, useSearchParams } from 'react-router';
import type { DatasetDto, PartyDto } from '#client';
import { api } from '../api.js';
import { Failed } from '../view/failed.js';
import { Name, shownText } from '../view/name.js';
import { Rows } from '../view/rows.js';
import { Time } from '../view/times.js';
import { Title } from '../view/title.js';
import { Command } from './command.js';
import { Sites } from './sites.js';

const SHOWN_COLUMNS = 8;

/** The parties and the datasets that they registered. The party and the words are in the address. */
export function DataPage() {
  const { t } = useTranslation();
  const [search, setSearch] = useSearchParams();
  const party = search.get('party') ?? '';
  const q = (search.get('q') ?? '').toLowerCase();
  const parties = useQuery({ queryKey: ['parties'], queryFn: ({ signal }) => api.listParties({ signal }) });
  const datasets = useQuery({ queryKey: ['datasets'], queryFn: ({ signal }) => api.listDatasets({ signal }) });
  const set = (name: string, value: string) => {
    const next = new URLSearchParams(search);
    if (value === '') next.delete(name);
    else next.set(name, value);
    setSearch(next, { replace: true });
  };
  const all = datasets.data?.items ?? [];
  const fits = ({ party: owner, reference, columns }: DatasetDto) =>
    (party === '' || owner === party) &&
    `${reference} ${columns.map(({ name }) => name).join(' ')}`.toLowerCase().includes(q);
  const found = all.filter(fits);
  return (
    <>
      <Title text={t('pages./data')} />
      <p>{t('data.about')}</p>
      {parties.isError && <Failed error={parties.error} retry={() => void parties.refetch()} />}
      <h2>{t('data.parties')}</h2>
      <Parties items={parties.data?.items ?? []} loading={parties.isPending} datasets={all} />
      <h2>{t('data.site.heading')}</h2>
      <Sites />
      <h2>{t('data.datasets')}</h2>
      <search className="filters">
        <Select
          allowClear
          className="filter"
          aria-label={t('approvals.party')}
          placeholder={t('approvals.party')}
          value={party === '' ? null : party}
          options={(parties.data?.items ?? []).map(({ party: value }) => ({ value, label: value }))}
          onChange={(value: string | null) => set('party', value ?? '')}
        />
        <Input.Search
          allowClear
          className="search"
          maxLength={255}
          defaultValue={q}
          aria-label={t('data.find')}
          placeholder={t('data.find')}
          onChange={({ target }) => set('q', target.value)}
        />
      </search>
      {datasets.isError && <Failed error={datasets.error} retry={() => void datasets.refetch()} />}
      <Datasets
        items={found}
        loading={datasets.isPending}
        empty={all.length === 0 ? t('data.none') : t('data.noneFit')}
      />
      {found.some(({ kept_at: kept }) => kept === 'site') && (
        <Command of="task-chain-node datasets ls">{t('data.copies')}</Command>
      )}
      <Command
        of={`task-chain datasets register ${commandName(party)}/<name> --file <table>.csv --folder "$DATA_ROOT/${commandName(party)}" --key ~/${commandName(party)}/${commandName(party)}.key`}
      >
        {t('data.register')}
      </Command>
    </>
  );
}

const commandName = (party: string): string => (/^[\w-]{1,64}$/.test(party) ? party : '<party>');

interface PartiesProps {
  readonly items: readonly PartyDto[];
  readonly loading: boolean;
  readonly datasets: readonly DatasetDto[];
}

function Parties({ items, loading, datasets }: PartiesProps) {
  const { t } = useTranslation();
  return (
    <>
      <Rows
        rowKey="party"
        loading={loading}
        dataSource={items}
        locale={{ emptyText: <Empty description={t('data.noParty')} /> }}
        columns={[
          {
            title: t('approvals.party'),
            key: 'party',
            render: (_, { party }) => <Link to={`/data?party=${encodeURIComponent(party)}`}>{party}</Link>,
          },
          { title: t('chains.name'), key: 'name', render: (_, { name }) => <Name text={name} className="cell" /> },
          {
            title: t('data.contact'),
            key: 'contact',
            render: (_, { contact }) => <Name text={contact ?? '–'} className="cell" />,
          },
          {
            title: t('data.datasets'),
            key: 'datasets',
            render: (_, { party }) => datasets.filter((each) => each.party === party && !each.removed).length,
          },
          { title: t('chains.created'), key: 'created', render: (_, { created_at }) => <Time at={created_at} /> },
        ]}
      />
      {items.length === 0 && !loading && (
        <Command of={'task-chain parties claim <party> --key ~/<party>/<party>.key --folder "$DATA_ROOT/<party>"'}>
          {t('data.claim')}
        </Command>
      )}
    </>
  );
}

interface DatasetsProps {
  readonly items: readonly DatasetDto[];
  readonly loading: boolean;
  readonly empty: string;
}

function Datasets({ items, loading, empty }: DatasetsProps) {
  const { t } = useTranslation();
  return (
    <Rows
      rowKey="reference"
      loading={loading}
      dataSource={items}
      locale={{ emptyText: <Empty description={empty} /> }}
      pagination={{ pageSize: 20, hideOnSinglePage: true, showSizeChanger: false }}
      columns={[
        {
          title: t('data.dataset'),
          key: 'name',
          render: (_, { party, name, version }) => (
            <Link to={`/data/${encodeURIComponent(party)}/${encodeURIComponent(name)}`} className="cell">
              <Name text={`${party}/${name}@${version}`} />
            </Link>
          ),
        },
        { title: t('data.rows'), key: 'rows', render: (_, { rows }) => rows ?? t('data.hidden') },
        {
          title: t('data.columns'),
          key: 'columns',
          render: (_, { columns }) => (
            <span className="cell wide dim columns-of">
              {columns
                .slice(0, SHOWN_COLUMNS)
                .map(({ name }) => shownText(name, 40))
                .join(', ')}
              {columns.length > SHOWN_COLUMNS && t('data.more', { count: columns.length - SHOWN_COLUMNS })}
            </span>
          ),
        },
        {
          title: t('chains.state'),
          key: 'state',
          render: (_, { removed, purposes, kept_at: kept }) => (
            <>
              {removed ? <Tag>{t('data.removed')}</Tag> : t('data.open')}
              {kept === 'site' && <Tag>{t('data.copyMark')}</Tag>}
              {purposes?.map((each) => (
                <Tag key={each}>
                  <Name text={each} />
                </Tag>
              ))}
            </>
          ),
        },
      ]}
    />
  );
}
