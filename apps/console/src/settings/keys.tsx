import { useQuery } from '@tanstack/react-query';
import { Button, Empty, Input, InputNumber, Select } from 'antd';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { ApiKeyDto, NewKeyDto } from '#client';
import { api } from '../api.js';
import { Labelled } from '../designer/schema-form.js';
import { Ask } from '../view/ask.js';
import { Failed } from '../view/failed.js';
import { Name } from '../view/name.js';
import { Rows } from '../view/rows.js';
import { Time } from '../view/times.js';
import { Once } from './once.js';
import { useRemoval, type Removable } from './removal.js';

const ROLES = ['viewer', 'operator', 'author', 'admin'] as const;

const removable = ({ key_id, name }: ApiKeyDto): Removable => ({
  name,
  confirm: key_id,
  remove: (query) => api.revokeKey({ path: { key_id }, query }),
  restore: () => api.restoreKey({ path: { key_id } }),
});

/** The API keys of the tenant. A key is shown once, as it is made. */
export function Keys() {
  const { t } = useTranslation();
  const query = useQuery({ queryKey: ['keys'], queryFn: ({ signal }) => api.listKeys({ signal }) });
  const [asks, setAsks] = useState(false);
  const [made, show] = useState<string>();
  const removal = useRemoval(() => query.refetch());
  return (
    <>
      <Button className="bulk" onClick={() => setAsks(true)}>
        {t('settings.newKey')}
      </Button>
      {made !== undefined && <Once text={made} close={() => show(undefined)} />}
      {removal.shown}
      {query.isError && <Failed error={query.error} retry={() => void query.refetch()} />}
      <Rows
        rowKey="key_id"
        loading={query.isPending}
        dataSource={query.data?.items ?? []}
        locale={{ emptyText: <Empty description={t('settings.noKey')} /> }}
        columns={[
          { title: t('chains.name'), key: 'name', render: (_, { name }) => <Name text={name} className="cell" /> },
          { title: t('settings.role'), key: 'role', render: (_, { role }) => t(`settings.roles.${role}`) },
          { title: t('approvals.party'), key: 'party', render: (_, { party }) => party ?? '–' },
          { title: t('settings.lastUsed'), key: 'used', render: (_, { last_used_at }) => <Time at={last_used_at} /> },
          { title: t('settings.expires'), key: 'expires', render: (_, { expires_at }) => expires_at.slice(0, 10) },
          {
            title: t('templates.do'),
            key: 'do',
            render: (_, key) =>
              key.revoked_at === null ? (
                <Button size="small" danger onClick={() => removal.ask(removable(key))}>
                  {t('settings.revoke')}
                </Button>
              ) : (
                <>
                  {t('settings.revoked')}{' '}
                  <Button size="small" onClick={() => void removal.restore(removable(key))}>
                    {t('settings.restore')}
                  </Button>
                </>
              ),
          },
        ]}
      />
      {asks && (
        <NewKey
          close={() => setAsks(false)}
          made={(key) => {
            show(key);
            void query.refetch();
          }}
        />
      )}
    </>
  );
}

function NewKey({ close, made }: { close: () => void; made: (key: string) => void }) {
  const { t } = useTranslation();
  const [of, change] = useState<NewKeyDto>({ name: '', role: 'viewer' });
  const parties = useQuery({ queryKey: ['parties'], queryFn: ({ signal }) => api.listParties({ signal }) }).data;
  const send = async () => made((await api.createKey({ body: of })).key ?? '');
  return (
    <Ask title={t('settings.newKey')} ok={t('settings.make')} ready={of.name.trim() !== ''} send={send} close={close}>
      <Labelled name={t('chains.name')} required>
        {(id) => (
          <Input
            id={id}
            maxLength={255}
            value={of.name}
            onChange={({ target }) => change({ ...of, name: target.value })}
          />
        )}
      </Labelled>
      <Labelled name={t('settings.role')} schema={{ description: t('settings.roleHelp') }}>
        {(id) => (
          <Select
            id={id}
            className="wide"
            value={of.role}
            options={ROLES.map((value) => ({ value, label: t(`settings.roles.${value}`) }))}
            onChange={(role) => change({ ...of, role })}
          />
        )}
      </Labelled>
      <Labelled name={t('approvals.party')} schema={{ description: t('settings.partyHelp') }}>
        {(id) => (
          <Select
            id={id}
            className="wide"
            allowClear
            value={of.party ?? null}
            options={(parties?.items ?? []).map(({ party }) => ({ value: party, label: party }))}
            onChange={(party: string | null) => {
              const { party: _, ...rest } = of;
              change(party ? { ...rest, party } : rest);
            }}
          />
        )}
      </Labelled>
      <Labelled name={t('settings.days')}>
        {(id) => (
          <InputNumber
            id={id}
            min={1}
            max={3_650}
            precision={0}
            value={of.expires_in_days ?? null}
            onChange={(days) => {
              const { expires_in_days: _, ...rest } = of;
              change(days === null ? rest : { ...rest, expires_in_days: days });
            }}
          />
        )}
      </Labelled>
    </Ask>
  );
}
