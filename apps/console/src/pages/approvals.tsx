import { useQuery } from '@tanstack/react-query';
import { Card, Empty, Skeleton } from 'antd';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { api } from '../api.js';
import { SignOff, useSignOffs } from '../chain/sign-off.js';
import { Failed } from '../view/failed.js';
import { Name } from '../view/name.js';
import { Title } from '../view/title.js';
import { Approved } from './approved.js';
import { Asked } from './asked.js';
import { Covers } from './covers.js';

/** The tasks that wait for an owner of data. */
export function ApprovalsPage() {
  const { t } = useTranslation();
  const query = useQuery({
    queryKey: ['approvals'],
    queryFn: ({ signal }) => api.listApprovals({ signal }),
    refetchInterval: 10_000,
  });
  const session = useQuery({ queryKey: ['session'], queryFn: () => api.getSession(), staleTime: Infinity }).data;
  return (
    <>
      <Title text={t('pages./approvals')} />
      <SignOffs />
      <h2>{t('approvals.heading')}</h2>
      <p>{t('approvals.about')}</p>
      {query.isError && <Failed error={query.error} retry={() => void query.refetch()} />}
      {query.isPending && <Skeleton active title={false} />}
      {query.data?.items.length === 0 && <Empty description={t('approvals.none')} />}
      {query.data?.items.map((item) => (
        <Asked key={`${item.hash} ${item.party}`} of={item} session={session} />
      ))}
      {session !== undefined && <Approved session={session} />}
      {session !== undefined && <Covers session={session} />}
    </>
  );
}

/** The tasks that ask the person who looks to sign off. */
function SignOffs() {
  const { t } = useTranslation();
  const query = useSignOffs({});
  return (
    <>
      <h2>{t('signOff.heading')}</h2>
      {query.isError && <Failed error={query.error} retry={() => void query.refetch()} />}
      {query.data?.items.length === 0 && <p>{t('signOff.none')}</p>}
      {query.data?.items.map((item) => (
        <Card
          key={`${item.chain_id} ${item.task_id} ${item.attempt}`}
          className="asked"
          title={
            <Link to={`/chains/${encodeURIComponent(item.chain_id)}?task=${encodeURIComponent(item.task_id)}`}>
              <Name text={`${item.chain_name}: ${item.task_name}`} />
            </Link>
          }
        >
          <SignOff of={item} />
        </Card>
      ))}
    </>
  );
}
