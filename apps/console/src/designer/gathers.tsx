import { Select } from 'antd';
import { useTranslation } from 'react-i18next';
import { shownChoice, shownText } from '../view/name.js';
import { isFields, parentOf, type DraftTask, type Fields } from './draft.js';
import { Labelled, SchemaFields } from './schema-form.js';
import { Section } from './section.js';

interface GathersProps {
  readonly task: DraftTask;
  readonly at: string;
  readonly edit: (patch: Fields) => void;
  readonly faultAt: (pointer: string) => string | undefined;
}

/** Of which of the tasks that it waits for a task gathers the results. */
export function Gathers({ task, at, edit, faultAt }: GathersProps) {
  const { t } = useTranslation();
  const { callback_for: callbacks, is_callback: isOne } = task;
  const chosen = Array.isArray(callbacks) ? callbacks.filter((each) => typeof each === 'string') : [];
  if (task.depends_on.length === 0 && callbacks === undefined && isOne === undefined) return null;
  return (
    <Section name="gathers" title={t('designer.gathers.title')} open={callbacks !== undefined || isOne !== undefined}>
      <Labelled
        name={t('designer.gathers.of')}
        schema={{ description: t('designer.gathers.help') }}
        fault={faultAt(`${at}/callback_for`)}
      >
        {(field) => (
          <Select
            id={field}
            className="wide"
            mode="multiple"
            options={task.depends_on.map((each) => ({ value: parentOf(each), label: shownText(parentOf(each)) }))}
            labelRender={shownChoice}
            value={chosen}
            onChange={(next: string[]) => edit({ callback_for: next.length > 0 ? next : undefined })}
          />
        )}
      </Labelled>
      <SchemaFields
        schema={{
          properties: { is_callback: { type: 'boolean', default: chosen.length > 0, title: t('designer.gathers.is') } },
        }}
        value={isOne === undefined ? {} : { is_callback: isOne }}
        change={(next) => edit({ is_callback: isFields(next) ? next['is_callback'] : undefined })}
        pointer={at}
        help={{ parties: [], datasets: [], params: {}, complete: () => [], faultAt }}
      />
    </Section>
  );
}
