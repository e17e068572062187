import { useQuery } from '@tanstack/react-query';
import { Button, Radio, Skeleton } from 'antd';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useSearchParams } from 'react-router';
import type { TenantDto } from '#client';
import { api } from '../api.js';
import type { Look } from '../theme.js';
import { Failed } from '../view/failed.js';
import { Name } from '../view/name.js';
import { Rows } from '../view/rows.js';
import { Time } from '../view/times.js';
import { Title } from '../view/title.js';
import { Views } from '../view/views.js';
import { AuditLog } from './audit-log.js';
import { Keys } from './keys.js';
import { Secrets } from './secrets.js';
import { Signals } from './signals.js';
import { LIMITS, TenantForm } from './tenant-form.js';
import { Webhooks } from './webhooks.js';

/** How the console looks, and what an admin sets. The view is in the address. */
export default function SettingsPage({ look, role }: { look: Look; role: string }) {
  const { t } = useTranslation();
  const [search, setSearch] = useSearchParams();
  const isAdmin = role === 'admin' || role === 'platform';
  const items = [
    { key: 'look', label: t('settings.look'), children: <Looks look={look} /> },
    { key: 'keys', label: t('settings.keys'), children: <Keys /> },
    { key: 'webhooks', label: t('settings.webhooks'), children: <Webhooks /> },
    { key: 'secrets', label: t('settings.secrets'), children: <Secrets /> },
    { key: 'signals', label: t('settings.signals'), children: <Signals /> },
    { key: 'audit', label: t('settings.audit'), children: <AuditLog /> },
    { key: 'tenant', label: t('settings.tenant'), children: role === 'platform' ? <Tenants /> : <OwnTenant /> },
  ];
  const view = search.get('view') ?? 'look';
  const open = (next: string) => setSearch(next === 'look' ? {} : { view: next }, { replace: true });
  const shown = isAdmin ? items : items.filter(({ key }) => ['look', 'signals', 'tenant'].includes(key));
  return (
    <>
      <Title text={t('pages./settings')} />
      <Views label={t('pages./settings')} items={shown} view={view} open={open} />
    </>
  );
}

function Looks({ look }: { look: Look }) {
  const { t, i18n } = useTranslation();
  return (
    <>
      <h2 id="language">{t('settings.language')}</h2>
      <Radio.Group
        aria-labelledby="language"
        value={i18n.language === 'zh' ? 'zh' : 'en'}
        onChange={({ target }) => void i18n.changeLanguage(target.value as string)}
        options={[
          { value: 'en', label: 'English' },
          { value: 'zh', label: '中文' },
        ]}
      />
      <h2 id="theme">{t('settings.theme')}</h2>
      <Radio.Group
        aria-labelledby="theme"
        value={look.isDark}
        onChange={({ target }) => {
          if (target.value !== look.isDark) look.toggle();
        }}
        options={[
          { value: false, label: t('shell.light') },
          { value: true, label: t('shell.dark') },
        ]}
      />
    </>
  );
}

/** The tenant of who is signed in: its limits, and what of them is used. */
export function OwnTenant() {
  const { t, i18n } = useTranslation();
  const query = useQuery({ queryKey: ['tenant'], queryFn: ({ signal }) => api.getTenant({ signal }) });
  if (query.isError) return <Failed error={query.error} retry={() => void query.refetch()} />;
  if (query.isPending) return <Skeleton active title={false} />;
  const tenant = query.data;
  const number = new Intl.NumberFormat(i18n.language);
  return (
    <>
      <h2>
        <Name text={tenant.name} /> <code>{tenant.tenant_id}</code>
      </h2>
      <Rows
        rowKey="0"
        dataSource={[...LIMITS]}
        columns={[
          { title: t('settings.what'), key: 'what', render: (_, [limit]) => t(`settings.limits.${limit}`) },
          { title: t('settings.used'), key: 'used', render: (_, [, use]) => number.format(tenant.use[use]) },
          {
            title: t('settings.limit'),
            key: 'limit',
            render: (_, [limit]) => (tenant[limit] === null ? t('settings.noLimit') : number.format(tenant[limit])),
          },
        ]}
      />
      <dl className="facts">
        <dt>{t('settings.defaultEngine')}</dt>
        <dd>{tenant.default_engine ?? t('settings.ofDeployment')}</dd>
        <dt>{t('settings.allowedEngines')}</dt>
        <dd>{tenant.allowed_engines?.join(', ') ?? t('settings.allEngines')}</dd>
      </dl>
    </>
  );
}

/** All tenants, for who runs the system. */
function Tenants() {
  const { t, i18n } = useTranslation();
  const query = useQuery({ queryKey: ['tenants'], queryFn: ({ signal }) => api.listTenants({ signal }) });
  const [asked, ask] = useState<TenantDto | 'new'>();
  const number = new Intl.NumberFormat(i18n.language);
  const limit = (value: number | null) => (value === null ? t('settings.noLimit') : number.format(value));
  return (
    <>
      {query.isError && <Failed error={query.error} retry={() => void query.refetch()} />}
      <p>
        <Button onClick={() => ask('new')}>{t('settings.newTenant')}</Button>
      </p>
      <Rows
        className="high"
        rowKey="tenant_id"
        loading={query.isPending}
        dataSource={query.data?.items ?? []}
        columns={[
          { title: t('chain.id'), dataIndex: 'tenant_id' },
          { title: t('chains.name'), key: 'name', render: (_, { name }) => <Name text={name} className="cell" /> },
          {
            title: t('chains.state'),
            key: 'state',
            render: (_, { enabled }) => t(enabled ? 'settings.enabled' : 'settings.disabled'),
          },
          { title: t('settings.weight'), dataIndex: 'weight' },
          ...LIMITS.map(([name]) => ({
            title: t(`settings.limits.${name}`),
            key: name,
            render: (_: unknown, each: Readonly<Record<typeof name, number | null>>) => limit(each[name]),
          })),
          { title: t('chains.created'), key: 'created', render: (_, { created_at }) => <Time at={created_at} /> },
          {
            title: t('approved.action'),
            key: 'change',
            render: (_, tenant) => (
              <Button size="small" onClick={() => ask(tenant)}>
                {t('settings.change')}
              </Button>
            ),
          },
        ]}
      />
      {asked !== undefined && (
        <TenantForm
          of={asked === 'new' ? undefined : asked}
          close={() => ask(undefined)}
          done={() => query.refetch()}
        />
      )}
    </>
  );
}
