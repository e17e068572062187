import { Button, Tag } from 'antd';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import type { SessionDto, StatementDto } from '#client';
import { Failed } from '../view/failed.js';
import { Name } from '../view/name.js';
import { Rows } from '../view/rows.js';
import { Time, useNow } from '../view/times.js';
import { Decision, type Decided } from './decision.js';
import { mayRefuse, MOST_PARTIES, useStatements } from './statements.js';

const PAGE = 20;

interface Approval extends Decided {
  readonly decision: string;
  readonly serial: number;
  readonly issued_at: string;
  readonly expires_at: string;
  readonly runs?: number;
  readonly signed: string | null;
}

/** The approvals of single tasks that count now, the newest first, to be withdrawn. */
export function Approved({ session }: { session: SessionDto }) {
  const { t } = useTranslation();
  const { items, error, isKnown, areMore } = useStatements(session.party, 'approval');
  const [withdrawn, withdraw] = useState<Approval>();
  const counting = countingOf(items, useNow(false));
  return (
    <>
      <h2>{t('approved.heading')}</h2>
      <p>{t('approved.about')}</p>
      {error != null && <Failed error={error} />}
      {areMore && <p>{t('approved.more', { count: MOST_PARTIES })}</p>}
      {error == null && isKnown && counting.length === 0 && <p>{t('approved.none')}</p>}
      {counting.length > 0 && (
        <Rows
          rowKey={({ party, task }) => `${party} ${task}`}
          dataSource={counting}
          pagination={{ pageSize: PAGE, showSizeChanger: false, hideOnSinglePage: true }}
          columns={[
            {
              title: t('task.task'),
              key: 'task',
              render: (_, { chain_id, task_id }) => (
                <Link to={`/chains/${encodeURIComponent(chain_id)}?task=${encodeURIComponent(task_id)}`}>
                  <Name text={task_id} className="cell short" />
                </Link>
              ),
            },
            { title: t('approvals.party'), key: 'party', render: (_, { party }) => <Name text={party} /> },
            {
              title: t('approved.by'),
              key: 'by',
              render: (_, { signed }) => <Tag>{t(signed === null ? 'approved.server' : 'approved.owner')}</Tag>,
            },
            { title: t('approved.runs'), key: 'runs', render: (_, { runs = 1 }) => runs },
            { title: t('approved.since'), key: 'since', render: (_, { issued_at }) => <Time at={issued_at} /> },
            { title: t('covers.until'), key: 'until', render: (_, { expires_at }) => <Time at={expires_at} ahead /> },
            {
              title: t('approved.action'),
              key: 'withdraw',
              render: (_, approval) =>
                mayRefuse(session, approval.party) && (
                  <Button size="small" danger onClick={() => withdraw(approval)}>
                    {t('approvals.withdraw')}
                  </Button>
                ),
            },
          ]}
        />
      )}
      {withdrawn && (
        <Decision of={withdrawn} as="withdraw" before={withdrawn.serial} close={() => withdraw(undefined)} />
      )}
    </>
  );
}

function countingOf(items: readonly StatementDto[], now: number): readonly Approval[] {
  return items
    .map(({ body, signed }) => ({ ...(body as unknown as Approval), signed }))
    .filter(({ decision, expires_at: until }) => decision === 'approve' && Date.parse(until) > now)
    .sort((a, b) => b.serial - a.serial);
}
