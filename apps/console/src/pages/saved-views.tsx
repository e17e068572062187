import { Button, Input, Select, Space } from 'antd';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Ask } from '../view/ask.js';
import { shownText } from '../view/name.js';
import { filtersOf, useViews, withView } from './views.js';

interface SavedViewsProps {
  readonly actor: string;
  readonly search: URLSearchParams;
  readonly open: (search: string) => void;
}

/** Names for the filters in the address. The address stays what counts: a view only leads to one. */
export function SavedViews({ actor, search, open }: SavedViewsProps) {
  const { t } = useTranslation();
  const { views, change } = useViews(actor);
  const [name, setName] = useState<string>();
  const filters = filtersOf(search);
  const current = views.findLast((view) => view.search === filters);
  return (
    <Space wrap role="group" aria-label={t('chains.views.saved')}>
      {views.length > 0 && (
        <Select
          className="filter"
          aria-label={t('chains.views.saved')}
          placeholder={t('chains.views.saved')}
          value={current?.name ?? null}
          options={views.map((view) => ({ value: view.name, label: shownText(view.name) }))}
          onChange={(chosen: string) => open(views.find((view) => view.name === chosen)!.search)}
        />
      )}
      {current === undefined ? (
        <Button disabled={filters === ''} onClick={() => setName('')}>
          {t('chains.views.save')}
        </Button>
      ) : (
        <Button onClick={() => change((all) => all.filter((view) => view.name !== current.name))}>
          {t('chains.views.remove')}
        </Button>
      )}
      {name !== undefined && (
        <Ask
          title={t('chains.views.save')}
          ok={t('chains.views.keep')}
          ready={name.trim() !== ''}
          send={async () => change((all) => withView(all, { name: name.trim(), search: filters }))}
          close={() => setName(undefined)}
        >
          <label className="note">
            {t('chains.views.name')}
            <Input autoFocus maxLength={60} value={name} onChange={({ target }) => setName(target.value)} />
          </label>
          <p className="dim">
            {views.some((view) => view.name === name.trim()) ? t('chains.views.replaces') : t('chains.views.about')}
          </p>
        </Ask>
      )}
    </Space>
  );
}
