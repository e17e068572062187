import { useEffect, useRef, useState } from 'react';
import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { Link, useSearchParams } from 'react-router';
import { api } from '../api.js';
import { shownText } from '../view/name.js';
import { readDraft, type Draft } from './draft.js';
import type { Origin } from './history.js';

/**
 * Opens the template that the address names, once: the address forgets it, so that a reload keeps what was made of it since. Returns
 * why it could not be opened.
 */
export function useOpened(take: (draft: Draft, origin: Origin) => void): unknown {
  const [search, setSearch] = useSearchParams();
  const [error, setError] = useState<unknown>();
  const latest = useRef(take);
  useEffect(() => void (latest.current = take));
  const template_id = search.get('template');
  const wanted = search.get('version');
  useEffect(() => {
    if (template_id === null) return;
    const stop = new AbortController();
    const { signal } = stop;
    const open = async () => {
      const path = { template_id };
      const version = wanted ?? String((await api.getTemplate({ path, signal })).default_version);
      const { number, chain } = await api.getTemplateVersion({ path: { ...path, version }, signal });
      latest.current(readDraft(chain), { template_id, version: number });
      setError(undefined);
      setSearch({}, { replace: true });
    };
    open().catch((reason: unknown) => {
      if (!signal.aborted) setError(reason);
    });
    return () => stop.abort();
  }, [template_id, wanted, setSearch]);
  return error;
}

/** Which version of which template the draft began with, and whether there is a newer one by now. */
export function OriginLine({ of: { template_id, version } }: { of: Origin }) {
  const { t } = useTranslation();
  const path = { template_id };
  const template = useQuery({
    queryKey: ['template', template_id],
    queryFn: ({ signal }) => api.getTemplate({ path, signal }),
  });
  const versions = useQuery({
    queryKey: ['template', template_id, 'versions'],
    queryFn: ({ signal }) => api.listTemplateVersions({ path, signal }),
    refetchInterval: 15_000,
  });
  const newest = versions.data?.items[0];
  const address = `/templates/${encodeURIComponent(template_id)}`;
  return (
    <p>
      {t('designer.from_template')} <Link to={address}>{shownText(template.data?.title ?? template_id, 80)}</Link>,{' '}
      {t('templates.version', { number: version })}
      {newest !== undefined && newest.number > version && (
        <span className="fault" role="status">
          {' '}
          {t('designer.newer', { number: newest.number, by: shownText(newest.created_by ?? '?', 60) })}{' '}
          <Link to={`${address}?view=compare&from=${version}&to=${newest.number}`}>{t('templates.compare')}</Link>
        </span>
      )}
    </p>
  );
}
