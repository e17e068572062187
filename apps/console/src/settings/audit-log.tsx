import { Input } from 'antd';
import { useTranslation } from 'react-i18next';
import { useSearchParams } from 'react-router';
import { AuditRows } from '../chain/audit.js';

const FILTERS = ['actor', 'action', 'target'] as const;

/** The audit log of the tenant, the newest first. The filters are in the address. */
export function AuditLog() {
  const { t } = useTranslation();
  const [search, setSearch] = useSearchParams();
  const set = (name: string, value: string) => {
    const next = new URLSearchParams(search);
    if (value === '') next.delete(name);
    else next.set(name, value);
    setSearch(next, { replace: true });
  };
  const filter = Object.fromEntries(FILTERS.flatMap((name) => (search.get(name) ? [[name, search.get(name)!]] : [])));
  return (
    <>
      <p>{t('settings.auditAbout')}</p>
      <search className="filters">
        {FILTERS.map((name) => (
          <Input.Search
            key={`${name} ${search.get(name) ?? ''}`}
            allowClear
            className="filter"
            maxLength={name === 'action' ? 64 : 255}
            defaultValue={search.get(name) ?? ''}
            aria-label={t(`settings.auditFilters.${name}`)}
            placeholder={t(`settings.auditShort.${name}`)}
            title={t(`settings.auditFilters.${name}`)}
            onSearch={(text) => set(name, text.trim())}
          />
        ))}
      </search>
      <AuditRows filter={filter} moment="" />
    </>
  );
}
