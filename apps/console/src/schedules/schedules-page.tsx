import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { Button, Empty, Select, Tag } from 'antd';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link, useNavigate, useSearchParams } from 'react-router';
import { api } from '../api.js';
import { Failed } from '../view/failed.js';
import { FindWords } from '../view/find-words.js';
import { Name } from '../view/name.js';
import { Pager } from '../view/pager.js';
import { Rows } from '../view/rows.js';
import { Time } from '../view/times.js';
import { Title } from '../view/title.js';
import { Outcome } from './outcome.js';
import { ScheduleForm } from './schedule-form.js';
import { When } from './trigger.js';

const PAGE_SIZE = 20;
const STATES = ['active', 'paused'] as const;
const REFRESH_MS = 10_000;

/** The schedules, with what is next and what was last. Filters and the page are in the address. */
export default function SchedulesPage() {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const [search, setSearch] = useSearchParams();
  const [making, make] = useState(false);
  const page = Math.max(1, Math.floor(Number(search.get('page'))) || 1);
  const q = search.get('q') ?? '';
  const state = STATES.find((each) => each === search.get('state'));
  const query = useQuery({
    queryKey: ['schedules', page, q, state],
    queryFn: ({ signal }) => api.listSchedules({ query: { q, state, page, page_size: PAGE_SIZE }, signal }),
    placeholderData: keepPreviousData,
    refetchInterval: REFRESH_MS,
  });
  const set = (name: string, value: string | undefined) => {
    const next = new URLSearchParams(search);
    next.delete('page');
    if (value === undefined || value === '') next.delete(name);
    else next.set(name, value);
    setSearch(next, { replace: true });
  };
  return (
    <>
      <Title text={t('pages./schedules')}>
        <Button onClick={() => make(true)}>{t('schedules.make')}</Button>
      </Title>
      <search className="filters">
        <FindWords label={t('schedules.find')} words={q} find={(text) => set('q', text)} />
        <Select
          allowClear
          className="filter"
          aria-label={t('chains.state')}
          placeholder={t('chains.state')}
          value={state}
          options={STATES.map((value) => ({ value, label: t(`schedules.states.${value}`) }))}
          onChange={(chosen: string | undefined) => set('state', chosen)}
        />
      </search>
      {query.isError && <Failed error={query.error} retry={() => void query.refetch()} />}
      <Rows
        rowKey="schedule_id"
        loading={query.isPending}
        dataSource={query.data?.items ?? []}
        locale={{
          emptyText: (
            <Empty description={t(q === '' && state === undefined ? 'schedules.none' : 'schedules.noneFit')} />
          ),
        }}
        columns={[
          {
            title: t('schedules.title'),
            key: 'title',
            render: (_, { schedule_id, title, paused }) => (
              <>
                <Link to={`/schedules/${encodeURIComponent(schedule_id)}`} className="cell">
                  <Name text={title} />
                </Link>{' '}
                {paused && <Tag>{t('schedules.paused')}</Tag>}
              </>
            ),
          },
          { title: t('schedules.when'), key: 'when', render: (_, schedule) => <When of={schedule} /> },
          {
            title: t('schedules.what'),
            key: 'what',
            render: (_, { template_id: id }) =>
              id === null ? t('schedules.own') : <Link to={`/templates/${encodeURIComponent(id)}`}>{id}</Link>,
          },
          {
            title: t('schedules.next'),
            key: 'next',
            render: (_, { next_due_times: [next] }) => <Time at={next} ahead />,
          },
          {
            title: t('schedules.last'),
            key: 'last',
            render: (_, { last_tick: last }) => (last === null ? t('schedules.never') : <Outcome of={last} />),
          },
        ]}
      />
      <Pager
        page={page}
        hasMore={query.data?.has_more === true}
        turn={(to) => set('page', to === 1 ? undefined : String(to))}
      />
      {making && (
        <ScheduleForm
          close={() => make(false)}
          send={async (body) => {
            const { schedule_id: id } = await api.createSchedule({ body });
            void navigate(`/schedules/${encodeURIComponent(id)}`);
          }}
        />
      )}
    </>
  );
}
