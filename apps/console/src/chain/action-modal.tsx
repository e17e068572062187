import { keepPreviousData, useMutation, useQuery } from '@tanstack/react-query';
import { Alert, Checkbox, Input, Modal, Select, Skeleton } from 'antd';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { AsJson } from '../designer/as-json.js';
import { Labelled } from '../designer/schema-form.js';
import { Failed } from '../view/failed.js';
import { Name } from '../view/name.js';
import { Status } from '../view/status.js';
import { PRIORITIES, type Action, type Choice, type Outcome } from './action.js';

const SHOWN = 100;

/** Shows what a command would do (its dry run), and does it once that is confirmed. */
export function ActionModal({ action, close, done }: { action: Action; close: () => void; done: () => void }) {
  const { t } = useTranslation();
  const [note, setNote] = useState('');
  const [downstream, setDownstream] = useState(true);
  const [priority, setPriority] = useState<Choice['priority']>('high');
  const [result, setResult] = useState<unknown>({});
  const choice = { note, downstream, priority, result };
  const preview = useQuery({
    queryKey: ['dry run', action, downstream, priority, result],
    queryFn: () => action.send({ ...choice, note: '?', dry_run: true }),
    enabled: action.isBlind !== true,
    placeholderData: keepPreviousData,
    gcTime: 0,
  });
  const sending = useMutation({
    mutationFn: () => action.send({ ...choice, dry_run: false }),
    onSuccess: () => {
      done();
      close();
    },
  });
  // The last dry run is shown until the next one has answered, but is not what would be done.
  const isPreviewed = action.isBlind || (preview.isSuccess && !preview.isPlaceholderData);
  const isReady = isPreviewed && result !== undefined && (action.needsNote !== true || note.trim() !== '');
  return (
    <Modal
      open
      title={t(`actions.${action.name}`)}
      okText={t(`actions.${action.name}`)}
      cancelText={t('actions.back')}
      okButtonProps={{ danger: action.danger === true, disabled: !isReady, loading: sending.isPending }}
      onOk={() => sending.mutate()}
      onCancel={close}
    >
      <p>{t(`actions.about.${action.name}`)}</p>
      {action.asks === 'downstream' && (
        <Checkbox checked={downstream} onChange={({ target }) => setDownstream(target.checked)}>
          {t('actions.downstream')}
        </Checkbox>
      )}
      {action.asks === 'priority' && (
        <Select
          aria-label={t('actions.priority')}
          className="filter"
          value={priority}
          onChange={setPriority}
          options={PRIORITIES.map((value) => ({ value, label: t(`priority.${value}`) }))}
        />
      )}
      {(action.asks === 'result' || action.asks === 'payload') && (
        <Labelled name={t(`actions.${action.asks}`)} required>
          {(id) => <AsJson id={id} value={result} change={setResult} />}
        </Labelled>
      )}
      {action.isBlind !== true && (
        <>
          <h2>{t('actions.preview')}</h2>
          {preview.isPending && <Skeleton active title={false} paragraph={{ rows: 2 }} />}
          {preview.isError && <Failed error={preview.error} />}
          {preview.data && <Changes of={preview.data} />}
          <label className="note">
            {t('actions.note')}
            {action.needsNote === true && <span aria-hidden="true"> *</span>}
            <Input value={note} maxLength={1_000} onChange={({ target }) => setNote(target.value)} />
          </label>
        </>
      )}
      {sending.isError && <Failed error={sending.error} />}
    </Modal>
  );
}

function Changes({ of: { status, lines } }: { of: Outcome }) {
  const { t } = useTranslation();
  return (
    <>
      {status !== undefined && (
        <p>
          {t('actions.chainWillBe')} <Status of={status} />
        </p>
      )}
      {lines.length === 0 && <Alert type="info" title={t('actions.noTask')} />}
      <ul className="changes" tabIndex={0} aria-label={t('actions.preview')}>
        {lines.slice(0, SHOWN).map(({ key, what, from, to, more }) => (
          <li key={key}>
            <Name text={what} /> {from !== undefined && from !== to && <Status of={from} />}
            {from !== undefined && from !== to && ' → '}
            {to !== undefined && <Status of={to} />} {more?.priority !== undefined && t('actions.newPriority', more)}
            {more?.tasks !== undefined && t('actions.tasks', { count: more.tasks })}
            {more?.detail !== undefined && <Name text={more.detail} />}
          </li>
        ))}
      </ul>
      {lines.length > SHOWN && <p>{t('actions.more', { count: lines.length - SHOWN })}</p>}
    </>
  );
}
