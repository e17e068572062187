import { Input } from 'antd';
import { useTranslation } from 'react-i18next';
import { isFields, type DraftTask, type Fields } from './draft.js';
import { patched } from './edits.js';
import { Labelled } from './schema-form.js';

/** Fields of a task that the form has by itself. The others that a task may have are in the text beside it. */
const NUMBERS = ['timeout', 'queue_timeout'] as const;

interface RunningProps {
  readonly task: DraftTask;
  readonly at: string;
  readonly edit: (patch: Fields) => void;
  readonly faultAt: (pointer: string) => string | undefined;
}

/** How a worker runs it. */
export function Running({ task, at, edit, faultAt }: RunningProps) {
  const { t } = useTranslation();
  const retry = isFields(task['retry_policy']) ? task['retry_policy'] : {};
  return (
    <>
      <h3>{t('designer.running')}</h3>
      <Labelled name={t('designer.retries')} fault={faultAt(`${at}/retry_policy/max_retries`)}>
        {(field) => (
          <WholeNumber
            id={field}
            value={retry['max_retries']}
            change={(next) => {
              const policy = patched(retry, { max_retries: next });
              edit({ retry_policy: Object.keys(policy).length > 0 ? policy : undefined });
            }}
          />
        )}
      </Labelled>
      {NUMBERS.map((name) => (
        <Labelled key={name} name={t(`designer.${name}`)} fault={faultAt(`${at}/${name}`)}>
          {(field) => <WholeNumber id={field} value={task[name]} change={(next) => edit({ [name]: next })} />}
        </Labelled>
      ))}
    </>
  );
}

function WholeNumber({
  id,
  value,
  change,
}: {
  id: string;
  value: unknown;
  change: (value: number | undefined) => void;
}) {
  return (
    <Input
      id={id}
      inputMode="numeric"
      value={typeof value === 'number' ? String(value) : ''}
      onChange={({ target }) => {
        const digits = target.value.replaceAll(/\D/g, '').slice(0, 9);
        change(digits === '' ? undefined : Number(digits));
      }}
    />
  );
}
