import { keepPreviousData, useInfiniteQuery, useQuery, useQueryClient } from '@tanstack/react-query';
import { App, Button, Empty, Input, Skeleton, Space, Tag } from 'antd';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link, useParams } from 'react-router';
import type { BackfilledDto, NewScheduleDto, ScheduleDto } from '#client';
import { api, isMissing } from '../api.js';
import { Labelled } from '../designer/schema-form.js';
import { Once } from '../settings/once.js';
import { useRemoval } from '../settings/removal.js';
import { Ask } from '../view/ask.js';
import { Fact } from '../view/fact.js';
import { Failed } from '../view/failed.js';
import { Json } from '../view/json.js';
import { Name } from '../view/name.js';
import { RestoreDeleted } from '../view/restore-deleted.js';
import { Rows } from '../view/rows.js';
import { Tagged } from '../view/tagged.js';
import { Time } from '../view/times.js';
import { Title } from '../view/title.js';
import { useSettled } from '../view/use-settled.js';
import { Outcome, Reason } from './outcome.js';
import { ScheduleForm } from './schedule-form.js';
import { When } from './trigger.js';

const PAGE_SIZE = 20;
const REFRESH_MS = 5_000;

/** A schedule: what it makes and when, and what became of each due time. */
export default function SchedulePage() {
  const { scheduleId = '' } = useParams();
  const { t } = useTranslation();
  const client = useQueryClient();
  const path = { schedule_id: scheduleId };
  const query = useQuery({
    queryKey: ['schedule', scheduleId],
    queryFn: ({ signal }) => api.getSchedule({ path, signal }),
    refetchInterval: REFRESH_MS,
  });
  const changed = () => client.invalidateQueries({ queryKey: ['schedule', scheduleId] });
  const removal = useRemoval(changed);
  if (query.isPending) return <Skeleton active title={false} />;
  if (query.isLoadingError || isMissing(query.error)) {
    return (
      <>
        <Title text={t('pages./schedules')} />
        {removal.shown}
        <Failed error={query.error} retry={() => void query.refetch()} />
        <RestoreDeleted
          about={t('schedules.mayBeDeleted')}
          label={t('schedules.restore')}
          restore={() => api.restoreSchedule({ path })}
          restored={() => void changed()}
        />
      </>
    );
  }
  return (
    <>
      {removal.shown}
      {query.isError && <Failed error={query.error} retry={() => void query.refetch()} />}
      <Schedule
        key={scheduleId}
        of={query.data}
        changed={changed}
        remove={() =>
          removal.ask({
            name: query.data.title,
            confirm: scheduleId,
            remove: (of) => api.deleteSchedule({ path, query: of }),
            restore: () => api.restoreSchedule({ path }),
          })
        }
      />
    </>
  );
}

interface ScheduleProps {
  readonly of: ScheduleDto;
  readonly changed: () => Promise<unknown>;
  readonly remove: () => void;
}

function Schedule({ of, changed, remove }: ScheduleProps) {
  const { t } = useTranslation();
  const { message } = App.useApp();
  const [asked, ask] = useState<'edit' | 'backfill' | 'secret'>();
  const [error, setError] = useState<unknown>();
  const [secret, show] = useState<string>();
  const path = { schedule_id: of.schedule_id };
  const act = (call: Promise<unknown>) =>
    call.then(
      () => {
        setError(undefined);
        return changed();
      },
      (reason: unknown) => setError(reason),
    );
  const run = () => api.runSchedule({ path }).then(() => void message.success(t('schedules.ran')));
  const save = (body: NewScheduleDto, tag: string) =>
    api.putSchedule({ path, body, headers: { 'If-Match': tag } }).then(changed);
  return (
    <>
      <Title text={of.title}>
        {of.paused && <Tag>{t('schedules.paused')}</Tag>}
        <Space wrap role="group" aria-label={t('schedules.actions')}>
          <Button onClick={() => void act(run())}>{t('schedules.run')}</Button>
          {of.paused ? (
            <Button onClick={() => void act(api.resumeSchedule({ path }))}>{t('schedules.resume')}</Button>
          ) : (
            <Button onClick={() => void act(api.pauseSchedule({ path }))}>{t('schedules.pause')}</Button>
          )}
          <Button onClick={() => ask('edit')}>{t('schedules.edit')}</Button>
          {of.on_webhook && <Button onClick={() => ask('secret')}>{t('schedules.newSecret')}</Button>}
          {(of.cron ?? of.interval) !== null && (
            <Button onClick={() => ask('backfill')}>{t('schedules.backfill')}</Button>
          )}
          <Button danger onClick={remove}>
            {t('schedules.remove')}
          </Button>
        </Space>
      </Title>
      {error !== undefined && <Failed error={error} />}
      {secret !== undefined && <Once text={secret} close={() => show(undefined)} />}
      <Facts of={of} />
      <Ticks scheduleId={of.schedule_id} />
      {asked === 'edit' && (
        <Tagged id={of.schedule_id} read={(client) => client.getSchedule({ path })}>
          {(now, tag) => <ScheduleForm of={now} send={(body) => save(body, tag)} close={() => ask(undefined)} />}
        </Tagged>
      )}
      {asked === 'secret' && (
        <Ask
          title={t('schedules.newSecret')}
          ok={t('settings.make')}
          send={async () => show((await api.rotateWebhookSecret({ path })).secret)}
          close={() => ask(undefined)}
        >
          <p>{t('schedules.newSecretAbout', { path: `/api/v1/hooks/${of.schedule_id}` })}</p>
        </Ask>
      )}
      {asked === 'backfill' && <Backfill scheduleId={of.schedule_id} done={changed} close={() => ask(undefined)} />}
    </>
  );
}

function Facts({ of }: { of: ScheduleDto }) {
  const { t } = useTranslation();
  return (
    <div className="summary">
      {of.description !== '' && (
        <p>
          <Name text={of.description} className="wrap" />
        </p>
      )}
      <dl className="facts row">
        <Fact name={t('schedules.when')}>
          <When of={of} />
        </Fact>
        <Fact name={t('schedules.what')}>
          {of.template_id === null ? (
            t('schedules.own')
          ) : (
            <>
              <Link to={`/templates/${encodeURIComponent(of.template_id)}`}>{of.template_id}</Link>{' '}
              {of.version !== null && <Name text={of.version} />}
            </>
          )}
        </Fact>
        <Fact name={t('schedules.overlap')}>{t(`schedules.overlaps.${of.overlap}`)}</Fact>
        <Fact name={t('schedules.runsAs')}>
          <Name text={of.runs_as} />
        </Fact>
        {of.next_due_times.length > 0 && (
          <Fact name={t('schedules.next')}>
            <Time at={of.next_due_times[0]} ahead />
          </Fact>
        )}
      </dl>
      {of.next_due_times.length > 1 && (
        <details>
          <summary>{t('schedules.nextTimes')}</summary>
          <ul>
            {of.next_due_times.map((at) => (
              <li key={at}>
                <Time at={at} ahead />
              </li>
            ))}
          </ul>
        </details>
      )}
      {Object.keys(of.params).length > 0 && (
        <details>
          <summary>{t('schedules.parameters')}</summary>
          <Json value={of.params} label={t('schedules.parameters')} />
        </details>
      )}
      {of.chain !== null && (
        <details>
          <summary>{t('schedules.own')}</summary>
          <Json value={of.chain} label={t('schedules.own')} />
        </details>
      )}
    </div>
  );
}

function Ticks({ scheduleId }: { scheduleId: string }) {
  const { t } = useTranslation();
  const query = useInfiniteQuery({
    queryKey: ['schedule', scheduleId, 'ticks'],
    queryFn: ({ pageParam, signal }) =>
      api.listScheduleTicks({
        path: { schedule_id: scheduleId },
        query: { page_size: PAGE_SIZE, ...(pageParam !== null && { before: pageParam }) },
        signal,
      }),
    initialPageParam: null as string | null,
    getNextPageParam: ({ next_before: before }) => before,
    placeholderData: keepPreviousData,
    refetchInterval: REFRESH_MS,
  });
  return (
    <>
      {query.isError && <Failed error={query.error} retry={() => void query.refetch()} />}
      <Rows
        rowKey={({ due_at, kind, created_at }) => `${due_at} ${kind} ${created_at}`}
        loading={query.isPending}
        dataSource={query.data?.pages.flatMap(({ items }) => items) ?? []}
        locale={{ emptyText: <Empty description={t('schedules.noTicks')} /> }}
        columns={[
          { title: t('schedules.due'), key: 'due', render: (_, { due_at }) => <Time at={due_at} /> },
          { title: t('schedules.kind'), key: 'kind', render: (_, { kind }) => t(`schedules.kinds.${kind}`) },
          { title: t('schedules.outcome'), key: 'outcome', render: (_, tick) => <Outcome of={tick} /> },
          { title: t('schedules.reason'), key: 'reason', render: (_, tick) => <Reason of={tick} /> },
        ]}
      />
      {query.hasNextPage && (
        <p>
          <Button loading={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>
            {t('schedules.more')}
          </Button>
        </p>
      )}
    </>
  );
}

interface BackfillProps {
  readonly scheduleId: string;
  readonly done: () => Promise<unknown>;
  readonly close: () => void;
}

/** Shows by a dry run for which due times chains would be made, and makes them. */
function Backfill({ scheduleId, done, close }: BackfillProps) {
  const { t } = useTranslation();
  const [from, setFrom] = useState(() => `${new Date(Date.now() - 86_400_000).toISOString().slice(0, 10)}T00:00:00Z`);
  const [to, setTo] = useState('');
  const path = { schedule_id: scheduleId };
  const body = { from, ...(to !== '' && { to }) };
  const settled = useSettled(JSON.stringify(body));
  const preview = useQuery({
    queryKey: ['schedule', scheduleId, 'backfill', settled],
    queryFn: ({ signal }) =>
      api.backfillSchedule({ path, body: JSON.parse(settled) as typeof body, query: { dry_run: true }, signal }),
    gcTime: 0,
  });
  const ready = preview.isSuccess && settled === JSON.stringify(body) && preview.data.due_times.length > 0;
  return (
    <Ask
      title={t('schedules.backfill')}
      ok={t('schedules.backfill')}
      ready={ready}
      send={() => api.backfillSchedule({ path, body }).then(done)}
      close={close}
    >
      <p>{t('schedules.backfillAbout')}</p>
      <Labelled name={t('schedules.from')} required schema={{ description: t('schedules.atHelp') }}>
        {(id) => <Input id={id} value={from} onChange={({ target }) => setFrom(target.value)} />}
      </Labelled>
      <Labelled name={t('schedules.to')} schema={{ description: t('schedules.toHelp') }}>
        {(id) => <Input id={id} value={to} onChange={({ target }) => setTo(target.value)} />}
      </Labelled>
      <div role="status" className="verdict">
        {preview.isError && <Failed error={preview.error} />}
        {preview.data && <WouldMake of={preview.data} />}
      </div>
    </Ask>
  );
}

function WouldMake({ of: { due_times: times } }: { of: BackfilledDto }) {
  const { t } = useTranslation();
  if (times.length === 0) return <p>{t('schedules.wouldMakeNone')}</p>;
  return (
    <>
      <p>{t('schedules.wouldMake', { count: times.length })}</p>
      <ul>
        {times.slice(0, 10).map((at) => (
          <li key={at}>
            <Time at={at} />
          </li>
        ))}
        {times.length > 10 && <li>…</li>}
      </ul>
    </>
  );
}
