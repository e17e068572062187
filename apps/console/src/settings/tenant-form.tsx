import { Checkbox, Input, InputNumber } from 'antd';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { TenantDto } from '#client';
import { api } from '../api.js';
import { Labelled } from '../designer/schema-form.js';
import { Ask } from '../view/ask.js';

export const LIMITS = [
  ['max_running_chains', 'running_chains'],
  ['max_waiting_tasks', 'waiting_tasks'],
  ['max_creates_per_minute', 'creates_last_minute'],
  ['max_artifact_bytes', 'artifact_bytes'],
] as const;

type Limits = Pick<TenantDto, 'enabled' | 'weight' | (typeof LIMITS)[number][0]>;
const NEW: Limits = {
  ...{ enabled: true, weight: 1, max_running_chains: null },
  ...{ max_waiting_tasks: null, max_creates_per_minute: null, max_artifact_bytes: null },
};
const NAMED = /^[a-z0-9][a-z0-9_-]{0,63}$/;

/** Makes a tenant, or changes one: its name and what it may have. Its engines stay as they are. */
export function TenantForm({ of, close, done }: { of: TenantDto | undefined; close: () => void; done: () => unknown }) {
  const { t } = useTranslation();
  const [id, setId] = useState('');
  const [name, setName] = useState(of?.name ?? '');
  const [limits, setLimits] = useState<Limits>(of ?? NEW);
  const send = async () => {
    const { enabled, weight } = limits;
    const body = { name, enabled, weight, ...Object.fromEntries(LIMITS.map(([limit]) => [limit, limits[limit]])) };
    if (of === undefined) await api.createTenant({ body: { tenant_id: id, ...body } });
    else await api.changeTenant({ path: { tenant_id: of.tenant_id }, body });
    await done();
  };
  return (
    <Ask
      title={of === undefined ? t('settings.newTenant') : t('settings.changeTenant', { tenant: of.tenant_id })}
      ok={t(of === undefined ? 'settings.make' : 'settings.save')}
      ready={name.trim() !== '' && (of !== undefined || NAMED.test(id))}
      send={send}
      close={close}
    >
      {of === undefined && (
        <Labelled name={t('chain.id')} required schema={{ description: t('settings.tenantIdHelp') }}>
          {(at) => <Input id={at} maxLength={64} value={id} onChange={({ target }) => setId(target.value)} />}
        </Labelled>
      )}
      <Labelled name={t('chains.name')} required>
        {(at) => <Input id={at} maxLength={255} value={name} onChange={({ target }) => setName(target.value)} />}
      </Labelled>
      <p>
        <Checkbox checked={limits.enabled} onChange={({ target }) => setLimits({ ...limits, enabled: target.checked })}>
          {t('settings.mayUse')}
        </Checkbox>
      </p>
      <Labelled name={t('settings.weight')} schema={{ description: t('settings.weightHelp') }}>
        {(at) => (
          <InputNumber
            id={at}
            min={1}
            max={1_000}
            precision={0}
            value={limits.weight}
            onChange={(weight) => setLimits({ ...limits, weight: weight ?? 1 })}
          />
        )}
      </Labelled>
      {LIMITS.map(([limit]) => (
        <Labelled key={limit} name={t(`settings.limits.${limit}`)}>
          {(at) => (
            <InputNumber
              id={at}
              min={0}
              precision={0}
              placeholder={t('settings.noLimit')}
              value={limits[limit]}
              onChange={(value) => setLimits({ ...limits, [limit]: value })}
            />
          )}
        </Labelled>
      ))}
    </Ask>
  );
}
