import { useQuery } from '@tanstack/react-query';
import { Button, Skeleton } from 'antd';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { NodeDto } from '#client';
import { api } from '../api.js';
import { Ask } from '../view/ask.js';
import { Failed } from '../view/failed.js';
import { Name } from '../view/name.js';
import { Rows } from '../view/rows.js';
import { Time, useNow } from '../view/times.js';
import { Command } from './command.js';

const REFRESH_MS = 10_000;

/** The sites at which parties keep their data, and whether each is there. */
export function Sites() {
  const { t } = useTranslation();
  const [asked, ask] = useState<NodeDto>();
  const query = useQuery({
    queryKey: ['nodes'],
    queryFn: ({ signal }) => api.listNodes({ signal }),
    refetchInterval: REFRESH_MS,
  });
  if (query.isError) return <Failed error={query.error} retry={() => void query.refetch()} />;
  if (query.isPending) return <Skeleton active title={false} paragraph={{ rows: 1 }} />;
  if (query.data.items.length === 0)
    return <Command of="task-chain parties invite <party> --out invitation.txt">{t('data.site.none')}</Command>;
  return (
    <>
      <Rows
        rowKey="fingerprint"
        dataSource={query.data.items}
        columns={[
          {
            title: t('approvals.party'),
            key: 'party',
            render: (_, { party, dealer }) => (dealer ? `${party} (${t('data.site.dealer')})` : party),
          },
          { title: t('chains.state'), key: 'state', render: (_, site) => <State of={site} /> },
          { title: t('data.site.seen'), key: 'seen', render: (_, { last_seen_at }) => <Time at={last_seen_at} /> },
          { title: t('data.site.joined'), key: 'joined', render: (_, { joined_at }) => <Time at={joined_at} /> },
          { title: t('data.site.until'), key: 'until', render: (_, { expires_at }) => <Time at={expires_at} ahead /> },
          {
            title: t('data.site.software'),
            key: 'software',
            render: (_, { software_version }) => <Name text={software_version ?? '–'} className="cell short" />,
          },
          {
            title: t('data.site.fingerprint'),
            key: 'fingerprint',
            render: (_, { fingerprint }) => (
              <code>
                <Name text={fingerprint} className="cell" />
              </code>
            ),
          },
          {
            title: '',
            key: 'revoke',
            render: (_, site) =>
              site.revoked_at === null && (
                <Button danger onClick={() => ask(site)}>
                  {t('settings.revoke')}
                </Button>
              ),
          },
        ]}
      />
      {asked && <Revocation of={asked} close={() => ask(undefined)} done={() => query.refetch()} />}
    </>
  );
}

interface RevocationProps {
  readonly of: NodeDto;
  readonly close: () => void;
  readonly done: () => Promise<unknown>;
}

/** Shows by a dry run which site is revoked: a party may have joined with another one meanwhile. */
function Revocation({ of: { party, fingerprint }, close, done }: RevocationProps) {
  const { t } = useTranslation();
  const path = { party };
  const preview = useQuery({
    queryKey: ['dry run', 'node', party],
    queryFn: () => api.revokeNode({ path, query: { dry_run: true } }),
    gcTime: 0,
  });
  const isSame = preview.data?.node.fingerprint === fingerprint;
  return (
    <Ask
      title={t('data.site.revokeTitle')}
      ok={t('settings.revoke')}
      danger
      ready={isSame}
      send={() => api.revokeNode({ path, query: { confirm: party } }).then(done)}
      close={close}
    >
      <p>
        <Name text={party} /> <code className="block">{fingerprint}</code>
      </p>
      {preview.isPending && <Skeleton active title={false} paragraph={{ rows: 1 }} />}
      {preview.isError && <Failed error={preview.error} />}
      {preview.data && <p>{t(isSame ? 'data.site.revokeAbout' : 'data.site.revokeOther')}</p>}
    </Ask>
  );
}

/** By colour, sign and word; below it what to do. */
function State({ of: { revoked_at: revoked, expires_at: until, connected } }: { of: NodeDto }) {
  const { t } = useTranslation();
  const now = useNow(true);
  const state = revoked !== null ? 'revoked' : connected ? 'connected' : Date.parse(until) < now ? 'expired' : 'away';
  const [look, sign] = LOOKS[state];
  return (
    <>
      <span className={`status status-${look}`}>
        <span aria-hidden="true">{sign}</span> {t(`data.site.states.${state}`)}
      </span>
      <span className="cell wide block dim">{t(`data.site.todo.${state}`)}</span>
    </>
  );
}
const LOOKS = {
  connected: ['success', '✓'],
  away: ['failure', '✗'],
  expired: ['failure', '✗'],
  revoked: ['cancelled', '■'],
} as const;
