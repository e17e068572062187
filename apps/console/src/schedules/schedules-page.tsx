import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { Button, Empty, Tag } from 'antd';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link, useNavigate, useSearchParams } from 'react-router';
import { api } from '../api.js';
import { Failed } from '../view/failed.js';
import { Name } from '../view/name.js';
import { Pager } from '../view/pager.js';
import { Rows } from '../view/rows.js';
import { Time } from '../view/times.js';
import { Title } from '../view/title.js';
import { Outcome } from './outcome.js';
import { ScheduleForm } from './schedule-form.js';
import { When } from './trigger.js';

const PAGE_SIZE = 20;
const REFRESH_MS = 10_000;

/** The schedules, with what is next and what was last. The page is in the address. */
export default function SchedulesPage() {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const [search, setSearch] = useSearchParams();
  const [making, make] = useState(false);
  const page = Math.max(1, Math.floor(Number(search.get('page'))) || 1);
  const query = useQuery({
    queryKey: ['schedules', page],
    queryFn: ({ signal }) => api.listSchedules({ query: { page, page_size: PAGE_SIZE }, signal }),
    placeholderData: keepPreviousData,
    refetchInterval: REFRESH_MS,
  });
  const turn = (to: number) => setSearch(to === 1 ? {} : { page: String(to) }, { replace: true });
  return (
    <>
      <Title text={t('pages./schedules')}>
        <Button onClick={() => make(true)}>{t('schedules.make')}</Button>
      </Title>
      {query.isError && <Failed error={query.error} retry={() => void query.refetch()} />}
      <Rows
        rowKey="schedule_id"
        loading={query.isPending}
        dataSource={query.data?.items ?? []}
        locale={{ emptyText: <Empty description={t('schedules.none')} /> }}
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
      <Pager page={page} hasMore={query.data?.has_more === true} turn={turn} />
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
