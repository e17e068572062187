import { useQueryClient } from '@tanstack/react-query';
import { Button, Card, Tag, Typography } from 'antd';
import type { TFunction } from 'i18next';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import type { SessionDto } from '#client';
import { Ask } from '../view/ask.js';
import { Failed } from '../view/failed.js';
import { Json } from '../view/json.js';
import { Name, shownText } from '../view/name.js';
import { Time, useNow } from '../view/times.js';
import { mayRefuse, MOST_PARTIES, putBare, useStatements } from './statements.js';

/** What a standing approval says, as its owner signed it. */
export interface Standing {
  readonly party: string;
  readonly name: string;
  readonly decision: 'approve' | 'withdraw';
  readonly serial: number;
  readonly origin: string;
  readonly expires_at: string;
  readonly proposer: string | null;
  readonly purpose?: string;
  readonly tasks: readonly CoveredTask[];
}
interface CoveredTask {
  readonly task_id: string;
  readonly task_type: string;
  readonly params: unknown;
  readonly holes: Readonly<Record<string, Bounds>>;
  readonly uses: number;
}
interface Bounds {
  readonly min?: number;
  readonly max?: number;
  readonly enum?: readonly unknown[];
  readonly like?: string;
  readonly each?: Bounds;
}

/** The wholes that owners approved at once; of the reader's party alone where it belongs to one. */
export function Covers({ session }: { session: Pick<SessionDto, 'party' | 'role'> }) {
  const { t } = useTranslation();
  const { items, error, isKnown, areMore } = useStatements(session.party, 'standing');
  const standing = items
    .map(({ body }) => body as unknown as Standing)
    .filter(({ decision }) => decision === 'approve');
  return (
    <>
      <h2>{t('covers.heading')}</h2>
      <p>{t('covers.about')}</p>
      {error != null && <Failed error={error} />}
      {error == null && isKnown && standing.length === 0 && <p>{t('covers.none')}</p>}
      {areMore && <p>{t('covers.more', { count: MOST_PARTIES })}</p>}
      {standing.map((each) => (
        <Cover key={`${each.party} ${each.name}`} of={each} mayEnd={mayRefuse(session, each.party)} />
      ))}
    </>
  );
}

/** All that one approval lets run: the whole, each task with how often and what may vary, and until when. */
export function Cover({ of, mayEnd = false }: { of: Standing; mayEnd?: boolean }) {
  const { t } = useTranslation();
  const [isEnding, end] = useState(false);
  const isOver = Date.parse(of.expires_at) <= useNow(false);
  return (
    <Card
      className="asked"
      title={<Name text={`${of.party}: ${of.name}`} />}
      extra={
        isOver ? (
          <Tag>{t('covers.expired')}</Tag>
        ) : (
          mayEnd && (
            <Button danger onClick={() => end(true)}>
              {t('covers.withdraw')}
            </Button>
          )
        )
      }
    >
      <dl className="facts">
        <dt>{t('covers.whole')}</dt>
        <dd>
          <Whole of={of.origin} />
        </dd>
        <dt>{t('covers.until')}</dt>
        <dd>
          <Time at={of.expires_at} ahead={!isOver} />
        </dd>
        <dt>{t('covers.proposer')}</dt>
        <dd>{of.proposer === null ? t('covers.noParty') : <Name text={of.proposer} />}</dd>
        {of.purpose !== undefined && (
          <>
            <dt>{t('covers.purpose')}</dt>
            <dd>
              <Name text={of.purpose} />
            </dd>
          </>
        )}
      </dl>
      {of.tasks.map((task) => (
        <details key={task.task_id}>
          <summary>
            {t('covers.task', {
              task: shownText(task.task_id, 80),
              type: shownText(task.task_type, 80),
              uses: task.uses,
            })}
          </summary>
          <h3>{t('covers.varies')}</h3>
          {Object.keys(task.holes).length === 0 && <p>{t('covers.nothing')}</p>}
          <ul>
            {Object.entries(task.holes).map(([pointer, bounds]) => (
              <li key={pointer}>
                <code>{shownText(pointer)}</code>: <bdi>{shownText(wordsOf(bounds, t), 600)}</bdi>
              </li>
            ))}
          </ul>
          <h3>{t('types.parameters')}</h3>
          <Json value={task.params} label={t('types.parameters')} />
        </details>
      ))}
      <Typography.Paragraph copyable={{ text: withdrawal(of) }}>
        {t('covers.end')} <code className="wrap">{withdrawal(of)}</code>
      </Typography.Paragraph>
      {isEnding && <End of={of} close={() => end(false)} />}
    </Card>
  );
}

function End({ of, close }: { of: Standing; close: () => void }) {
  const { t } = useTranslation();
  const client = useQueryClient();
  return (
    <Ask
      title={t('covers.withdrawTitle', { name: shownText(of.name) })}
      ok={t('covers.withdraw')}
      danger
      send={async () => {
        await putBare(of.party, { ...of, decision: 'withdraw' }, of.serial);
        await client.invalidateQueries({ queryKey: ['standing'] });
      }}
      close={close}
    >
      <p>{t('covers.withdrawAbout')}</p>
    </Ask>
  );
}

const withdrawal = ({ name, party }: Standing): string =>
  `task-chain approvals uncover ${name} --key ~/${party}/${party}.key`;

/** The chains that an approval covers, or can cover, as a link. */
export function Whole({ of }: { of: string }) {
  const { t } = useTranslation();
  const [kind, id = ''] = of.split(':');
  const page = kind === 'schedule' ? 'schedules' : 'chains';
  return (
    <>
      {t(`covers.${page}`)}{' '}
      <Link to={`/${page}/${encodeURIComponent(id)}`}>
        <code className="wrap">{shownText(id)}</code>
      </Link>
    </>
  );
}

function wordsOf({ min, max, enum: values, like, each }: Bounds, t: TFunction): string {
  return [
    values?.map((value) => JSON.stringify(value)).join(', '),
    min === undefined ? undefined : t('covers.least', { min }),
    max === undefined ? undefined : t('covers.most', { max }),
    like === undefined ? undefined : t('covers.like', { like }),
    each === undefined ? undefined : t('covers.each', { bounds: wordsOf(each, t) }),
  ]
    .filter((words) => words !== undefined)
    .join('; ');
}
