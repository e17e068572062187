import { Button, Card, Space } from 'antd';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import type { ApprovalDto, SessionDto } from '#client';
import { Account, datasetOf } from '../data/account.js';
import { Command } from '../data/command.js';
import { Json } from '../view/json.js';
import { useTypeWords } from '../task-types.js';
import { Name, shownText } from '../view/name.js';
import { useReasonWords } from '../view/reason-words.js';
import { Time } from '../view/times.js';
import { Whole } from './covers.js';
import { Decision } from './decision.js';
import { mayRead, mayRefuse } from './statements.js';

/** Of why it asks: each dataset may have a reason. */
const MOST_SHOWN = 2_000;

/** A task that waits for an owner: who asks for what, what was opened before, and how it is decided. */
export function Asked({ of, session }: { of: ApprovalDto; session: SessionDto | undefined }) {
  const { t } = useTranslation();
  const reasonIn = useReasonWords();
  const typesIn = useTypeWords();
  const [as, decideAs] = useState<'approve' | 'refuse'>();
  const { chain_id, task_id, party } = of;
  const reads = mayRead(session, party);
  const isHere = of.approvals === 'server';
  const datasets = [...new Set(of.datasets.map((each) => datasetOf(each)))];
  const { proposer, purpose } = of.task as { readonly proposer?: string | null; readonly purpose?: string };
  return (
    <Card
      className="asked"
      title={
        <Link to={`/chains/${encodeURIComponent(chain_id)}?task=${encodeURIComponent(task_id)}`}>
          <Name text={task_id} />
        </Link>
      }
      extra={
        mayRefuse(session, party) && (
          <Space>
            {isHere && session?.party === party && (
              <Button type="primary" onClick={() => decideAs('approve')}>
                {t('approvals.approveHere')}
              </Button>
            )}
            <Button danger onClick={() => decideAs('refuse')}>
              {t('approvals.refuse')}
            </Button>
          </Space>
        )
      }
    >
      <dl className="facts">
        <dt>{t('approvals.party')}</dt>
        <dd>{party}</dd>
        <dt>{t('covers.proposer')}</dt>
        <dd>{proposer == null ? t('covers.noParty') : <Name text={proposer} />}</dd>
        {purpose !== undefined && (
          <>
            <dt>{t('covers.purpose')}</dt>
            <dd>
              <Name text={purpose} />
            </dd>
          </>
        )}
        <dt>{t('task.type')}</dt>
        <dd>{of.task_type}</dd>
        <dt>{t('task.engine')}</dt>
        <dd>{of.engine}</dd>
        <dt>{t('approvals.part')}</dt>
        <dd>
          <Whole of={of.origin} />
        </dd>
        <dt>{t('approvals.asked')}</dt>
        <dd>
          <Time at={of.asked_at} />
        </dd>
        <dt>{t('approvals.why')}</dt>
        <dd>
          <bdi>{of.reasons === null ? '–' : shownText(reasonIn(of.reasons), MOST_SHOWN)}</bdi>
        </dd>
        <dt>{t('types.leaves')}</dt>
        <dd>{typesIn(of.leaves)}</dd>
        <dt>{t('approvals.hash')}</dt>
        <dd>
          <code className="wrap">{of.hash}</code>
        </dd>
      </dl>
      <h3>{t('account.heading')}</h3>
      {reads && datasets.map((name) => <Account key={name} party={party} name={name} taskType={of.task_type} />)}
      {reads && datasets.length === 0 && <p>{t('account.noDataset')}</p>}
      {!reads && <p>{t('account.owners')}</p>}
      <h3>{t('approvals.task')}</h3>
      <Json value={of.task} label={t('approvals.task')} />
      <h3>{t('approvals.approve')}</h3>
      {isHere ? (
        <p>{t(session?.party === party ? 'approvals.here' : 'approvals.hereFor', { party })}</p>
      ) : (
        <Signing of={of} />
      )}
      {as && <Decision of={{ ...of, task: of.hash }} as={as} close={() => decideAs(undefined)} />}
    </Card>
  );
}

/** The commands by which an owner signs. */
function Signing({ of: { chain_id, task_id: id, party } }: { of: ApprovalDto }) {
  const { t } = useTranslation();
  // Some shells look for files by the brackets of an item's id.
  const task_id = id.includes('[') ? `'${id}'` : id;
  const key = `--key ~/${party}/${party}.key`;
  return (
    <>
      <Command of={`task-chain approvals show ${chain_id} ${task_id} --party ${party}`}>
        {t('approvals.signed')}
      </Command>
      <Command of={`task-chain approvals approve ${chain_id} ${task_id} ${key}`}>{t('approvals.sign')}</Command>
      <Command of={`task-chain approvals cover ${task_id} --chain ${chain_id} --uses 10 --dry-run ${key}`}>
        {t('approvals.cover')}
      </Command>
    </>
  );
}
