import { useQuery } from '@tanstack/react-query';
import { Alert, Button, Skeleton } from 'antd';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Ask } from '../view/ask.js';
import { Failed } from '../view/failed.js';
import { Name } from '../view/name.js';
import { Time } from '../view/times.js';

/** Something that can be removed, and restored for a day. */
export interface Removable {
  /** As people know it. */
  readonly name: string;
  remove(query: { dry_run: true } | { confirm: string }): Promise<{ restorable_until: string }>;
  readonly confirm: string;
  restore(): Promise<unknown>;
}

/** Asks before something is removed, shows until when it can be restored, and offers that afterwards. */
export function useRemoval(changed: () => unknown) {
  const { t } = useTranslation();
  const [asked, ask] = useState<Removable>();
  const [removed, setRemoved] = useState<Removable>();
  const [error, setError] = useState<unknown>();
  const restore = (what: Removable) =>
    what.restore().then(
      () => {
        setRemoved(undefined);
        setError(undefined);
        return changed();
      },
      (reason: unknown) => setError(reason),
    );
  const shown = (
    <>
      {removed && (
        <Alert
          type="info"
          showIcon
          title={<Name text={t('settings.wasRemoved', { name: removed.name })} />}
          action={<Button onClick={() => void restore(removed)}>{t('settings.restore')}</Button>}
        />
      )}
      {error !== undefined && <Failed error={error} />}
      {asked && (
        <Removal
          of={asked}
          close={() => ask(undefined)}
          done={async () => {
            setRemoved(asked);
            await changed();
          }}
        />
      )}
    </>
  );
  return { ask, restore, shown };
}

function Removal({ of, close, done }: { of: Removable; close: () => void; done: () => Promise<void> }) {
  const { t } = useTranslation();
  const preview = useQuery({
    queryKey: ['dry run', of.confirm],
    queryFn: () => of.remove({ dry_run: true }),
    gcTime: 0,
  });
  return (
    <Ask
      title={t('settings.removeTitle')}
      ok={t('settings.remove')}
      danger
      ready={preview.isSuccess}
      send={() => of.remove({ confirm: of.confirm }).then(done)}
      close={close}
    >
      <p>
        <Name text={of.name} />
      </p>
      {preview.isPending && <Skeleton active title={false} paragraph={{ rows: 1 }} />}
      {preview.isError && <Failed error={preview.error} />}
      {preview.data && (
        <p>
          {t('settings.restorableUntil')} <Time at={preview.data.restorable_until} />
        </p>
      )}
    </Ask>
  );
}
