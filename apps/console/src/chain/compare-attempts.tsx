import { Select, Space, Tag } from 'antd';
import { useState, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { AttemptDto } from '#client';
import { Json } from '../view/json.js';
import { Name, shownText } from '../view/name.js';
import { Rows } from '../view/rows.js';
import { duration, Time } from '../view/times.js';

/** ms; undefined where one of the times is not there. */
export const between = (from: string | null, to: string | null): number | undefined =>
  from === null || to === null ? undefined : Date.parse(to) - Date.parse(from);

/** Less is chance. */
const SHOWN_MS = 50;

/** How much longer or shorter; empty where one of them is not known, or nothing is to be seen. */
function change(from: number | undefined, to: number | undefined): string {
  if (from === undefined || to === undefined || Math.abs(to - from) < SHOWN_MS) return '';
  return ` (${to < from ? '−' : '+'}${duration(Math.abs(to - from))})`;
}

interface Row {
  readonly name: string;
  readonly of: (attempt: AttemptDto, other?: AttemptDto) => ReactNode;
  /** What is compared, of what isn't different by itself. */
  readonly same?: (attempt: AttemptDto) => unknown;
}

/** Two attempts of a task side by side, the last two unless others are chosen. */
export function CompareAttempts({ of }: { of: readonly AttemptDto[] }) {
  const { t } = useTranslation();
  const [left, chooseLeft] = useState<number>();
  const [right, chooseRight] = useState<number>();
  const find = (attempt: number | undefined, otherwise: number) =>
    of.find((each) => each.attempt === attempt) ?? of.at(otherwise);
  const [a, b] = [find(left, -2), find(right, -1)];
  if (a === undefined || b === undefined || of.length < 2) return null;
  const span = (from: 'queued_at' | 'started_at', to: 'started_at' | 'finished_at') => (each: AttemptDto) =>
    between(each[from], each[to]);
  const timed = (name: string, ms: (each: AttemptDto) => number | undefined): Row => ({
    name,
    of: (each, other) => {
      const own = ms(each);
      return own === undefined ? '–' : `${duration(own)}${other === undefined ? '' : change(ms(other), own)}`;
    },
  });
  const rows: readonly Row[] = [
    {
      name: t('chains.state'),
      of: ({ outcome }) => t(`outcome.${outcome}`, { defaultValue: outcome }),
      same: ({ outcome }) => outcome,
    },
    timed(t('chain.queued'), span('queued_at', 'started_at')),
    timed(t('chain.ran'), span('started_at', 'finished_at')),
    { name: t('chains.started'), of: ({ started_at }) => <Time at={started_at} /> },
    { name: t('task.ended'), of: ({ finished_at }) => <Time at={finished_at} /> },
    {
      name: t('task.worker'),
      of: ({ worker_id }) => <Name text={worker_id ?? '–'} className="wrap" />,
      same: ({ worker_id }) => worker_id,
    },
    {
      name: t('overview.code'),
      of: ({ error }) => (error === null ? '–' : <code>{shownText(error.code)}</code>),
      same: ({ error }) => error?.code,
    },
    {
      name: t('task.error'),
      of: ({ error }) => <bdi className="wrap">{shownText(error?.message ?? '–', 2_000)}</bdi>,
      same: ({ error }) => error?.message,
    },
    {
      name: t('history.more'),
      of: ({ attempt, error }) =>
        error?.details === undefined ? (
          '–'
        ) : (
          <Json value={error.details} label={`${t('history.more')}, ${t('task.attempt')} ${attempt}`} />
        ),
      same: ({ error }) => JSON.stringify(error?.details),
    },
  ];
  const chooser = (label: string, chosen: AttemptDto, choose: (attempt: number) => void) => (
    <Select
      aria-label={label}
      value={chosen.attempt}
      options={of.map(({ attempt }) => ({ value: attempt, label: `${t('task.attempt')} ${attempt}` }))}
      onChange={choose}
    />
  );
  return (
    <>
      <h2>{t('task.compared')}</h2>
      <Space wrap>
        {chooser(t('task.first'), a, chooseLeft)}
        {chooser(t('task.second'), b, chooseRight)}
      </Space>
      <Rows
        rowKey="name"
        className="compared"
        dataSource={rows}
        columns={[
          {
            title: t('task.what'),
            key: 'name',
            rowScope: 'row',
            render: (_, { name, same }) => (
              <>
                {name} {same !== undefined && same(a) !== same(b) && <Tag>{t('task.differs')}</Tag>}
              </>
            ),
          },
          { title: `${t('task.attempt')} ${a.attempt}`, key: 'a', render: (_, row) => row.of(a) },
          { title: `${t('task.attempt')} ${b.attempt}`, key: 'b', render: (_, row) => row.of(b, a) },
        ]}
      />
      <p className="dim">{t('task.aboutCompared')}</p>
    </>
  );
}
