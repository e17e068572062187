import { Input } from 'antd';
import { useTranslation } from 'react-i18next';
import type { Fields } from './draft.js';
import { Labelled } from './schema-form.js';

interface NameFieldProps {
  /** A task, or what undoes one. */
  readonly of: Fields;
  readonly set: (patch: Fields) => void;
  readonly fault: string | undefined;
}

/** The name that people see. */
export function NameField({ of, set, fault }: NameFieldProps) {
  const { t } = useTranslation();
  const name = of['task_name'];
  return (
    <Labelled name={t('designer.name')} fault={fault}>
      {(id) => (
        <Input
          id={id}
          value={typeof name === 'string' ? name : ''}
          onChange={({ target }) => set({ task_name: target.value === '' ? undefined : target.value })}
        />
      )}
    </Labelled>
  );
}
