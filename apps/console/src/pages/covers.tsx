import { useQueries, useQuery } from '@tanstack/react-query';
import { Card, Tag, Typography } from 'antd';
import type { TFunction } from 'i18next';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { api } from '../api.js';
import { Failed } from '../view/failed.js';
import { Json } from '../view/json.js';
import { Name, shownText } from '../view/name.js';
import { Time, useNow } from '../view/times.js';

/** More parties are for the command line: each is a request. */
const MOST_PARTIES = 20;

/** What a standing approval says, as its owner signed it. */
export interface Standing {
  readonly party: string;
  readonly name: string;
  readonly decision: 'approve' | 'withdraw';
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

/** The wholes that owners approved at once; of `party` alone where the reader belongs to one. */
export function Covers({ party }: { party: string | null }) {
  const { t } = useTranslation();
  const parties = useQuery({
    queryKey: ['parties'],
    queryFn: ({ signal }) => api.listParties({ signal }),
    enabled: party === null,
  });
  const all = party === null ? (parties.data?.items.map((each) => each.party) ?? []) : [party];
  const found = useQueries({
    queries: all.slice(0, MOST_PARTIES).map((each) => ({
      queryKey: ['standing', each],
      queryFn: ({ signal }: { signal: AbortSignal }) =>
        api.listStatements({ path: { party: each }, query: { kind: 'standing' }, signal }),
    })),
  });
  const error = parties.error ?? found.find((each) => each.isError)?.error;
  const standing = found
    .flatMap(({ data }) => data?.items.map(({ body }) => body as unknown as Standing) ?? [])
    .filter(({ decision }) => decision === 'approve');
  const isKnown = !parties.isLoading && all.length <= MOST_PARTIES && found.every(({ isSuccess }) => isSuccess);
  return (
    <>
      <h2>{t('covers.heading')}</h2>
      <p>{t('covers.about')}</p>
      {error != null && <Failed error={error} />}
      {error == null && isKnown && standing.length === 0 && <p>{t('covers.none')}</p>}
      {all.length > MOST_PARTIES && <p>{t('covers.more', { count: MOST_PARTIES })}</p>}
      {standing.map((each) => (
        <Cover key={`${each.party} ${each.name}`} of={each} />
      ))}
    </>
  );
}

/** All that one approval lets run: the whole, each task with how often and what may vary, and until when. */
export function Cover({ of }: { of: Standing }) {
  const { t } = useTranslation();
  const isOver = Date.parse(of.expires_at) <= useNow(false);
  return (
    <Card
      className="asked"
      title={<Name text={`${of.party}: ${of.name}`} />}
      extra={isOver && <Tag>{t('covers.expired')}</Tag>}
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
    </Card>
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
