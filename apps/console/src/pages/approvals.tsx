import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Button, Card, Empty, Input, Modal, Skeleton, Typography } from 'antd';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import type { ApprovalDto } from '#client';
import { api } from '../api.js';
import { SignOff, useSignOffs } from '../chain/sign-off.js';
import { Failed } from '../view/failed.js';
import { Json } from '../view/json.js';
import { Name, shownText } from '../view/name.js';
import { Title } from '../view/title.js';
import { Covers, Whole } from './covers.js';

/** A refusal counts for as long as one of the CLI. */
const REFUSED_FOR_MS = 30 * 86_400_000;

/** The tasks that wait for an owner of data. */
export function ApprovalsPage() {
  const { t } = useTranslation();
  const query = useQuery({
    queryKey: ['approvals'],
    queryFn: ({ signal }) => api.listApprovals({ signal }),
    refetchInterval: 10_000,
  });
  const session = useQuery({ queryKey: ['session'], queryFn: () => api.getSession(), staleTime: Infinity }).data;
  const [refused, refuse] = useState<ApprovalDto>();
  const mayDecide = ({ party }: ApprovalDto) =>
    session?.role === 'platform' || session?.role === 'admin' || session?.party === party;
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
        <Asked key={`${item.hash} ${item.party}`} of={item} refuse={mayDecide(item) ? () => refuse(item) : undefined} />
      ))}
      {session !== undefined && <Covers party={session.party} />}
      {refused && <Refusal of={refused} close={() => refuse(undefined)} />}
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

function Asked({ of, refuse }: { of: ApprovalDto; refuse: (() => void) | undefined }) {
  const { t } = useTranslation();
  const { chain_id, task_id, party } = of;
  const key = `--key ~/${party}/${party}.key`;
  const commands = {
    show: `task-chain approvals show ${chain_id} ${task_id} --party ${party}`,
    approve: `task-chain approvals approve ${chain_id} ${task_id} ${key}`,
    cover: `task-chain approvals cover ${task_id} --chain ${chain_id} --uses 10 --dry-run ${key}`,
  };
  return (
    <Card
      className="asked"
      title={
        <Link to={`/chains/${encodeURIComponent(chain_id)}?task=${encodeURIComponent(task_id)}`}>
          <Name text={task_id} />
        </Link>
      }
      extra={
        refuse && (
          <Button danger onClick={refuse}>
            {t('approvals.refuse')}
          </Button>
        )
      }
    >
      <dl className="facts">
        <dt>{t('approvals.party')}</dt>
        <dd>{party}</dd>
        <dt>{t('task.type')}</dt>
        <dd>{of.task_type}</dd>
        <dt>{t('task.engine')}</dt>
        <dd>{of.engine}</dd>
        <dt>{t('approvals.part')}</dt>
        <dd>
          <Whole of={of.origin} />
        </dd>
        <dt>{t('approvals.why')}</dt>
        <dd>
          <Name text={of.reasons ?? '–'} />
        </dd>
        <dt>{t('types.leaves')}</dt>
        <dd>{of.leaves}</dd>
        <dt>{t('approvals.hash')}</dt>
        <dd>
          <code className="wrap">{of.hash}</code>
        </dd>
      </dl>
      <h2>{t('approvals.task')}</h2>
      <Json value={of.task} label={t('approvals.task')} />
      <h2>{t('approvals.approve')}</h2>
      <p>{t('approvals.signed')}</p>
      <Command text={commands.show} />
      <Command text={commands.approve} />
      <p>{t('approvals.cover')}</p>
      <Command text={commands.cover} />
    </Card>
  );
}

function Command({ text }: { text: string }) {
  return (
    <Typography.Paragraph copyable={{ text }}>
      <code className="wrap">{text}</code>
    </Typography.Paragraph>
  );
}

function Refusal({ of, close }: { of: ApprovalDto; close: () => void }) {
  const { t } = useTranslation();
  const client = useQueryClient();
  const [words, setWords] = useState('');
  const send = () => {
    const now = Date.now();
    const { party, chain_id, task_id, hash } = of;
    const statement = {
      ...{ kind: 'approval', party, chain_id, task_id, task: hash, decision: 'refuse' },
      // As the CLI counts them: a newer statement replaces an older one.
      serial: now,
      issued_at: new Date(now).toISOString(),
      expires_at: new Date(now + REFUSED_FOR_MS).toISOString(),
      ...(words !== '' && { words }),
    };
    return api.putStatement({ path: { party }, body: { statement } });
  };
  const refusing = useMutation({
    mutationFn: send,
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: ['approvals'] });
      close();
    },
  });
  return (
    <Modal
      open
      title={t('approvals.refuseTitle', { task: shownText(of.task_id) })}
      okText={t('approvals.refuse')}
      okButtonProps={{ danger: true, loading: refusing.isPending }}
      cancelText={t('actions.back')}
      onOk={() => refusing.mutate()}
      onCancel={close}
    >
      <p>{t('approvals.refusing', { party: of.party })}</p>
      <label>
        {t('approvals.words')}
        <Input.TextArea maxLength={2_000} value={words} onChange={({ target }) => setWords(target.value)} />
      </label>
      {refusing.isError && <Failed error={refusing.error} />}
    </Modal>
  );
}
