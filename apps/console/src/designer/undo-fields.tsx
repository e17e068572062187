import { Select } from 'antd';
import { useTranslation } from 'react-i18next';
import { useTaskTypes } from '../task-types.js';
import { shownText } from '../view/name.js';
import { AsJson } from './as-json.js';
import { isControlType, isFields, type DraftTask, type Fields } from './draft.js';
import { NameField } from './name-field.js';
import { patched } from './edits.js';
import { EngineField } from './engine-field.js';
import { PartyFields } from './party-fields.js';
import { partiesOf } from './references.js';
import { RetryFields } from './retry-fields.js';
import type { Help } from './help.js';
import { Labelled, SchemaFields } from './schema-form.js';
import { Section } from './section.js';

interface UndoFieldsProps {
  readonly task: DraftTask;
  /** The task's JSON pointer. */
  readonly at: string;
  readonly edit: (patch: Fields) => void;
  /** `complete` offers the results of the task itself, too: they are what is undone. */
  readonly help: Omit<Help, 'params' | 'parties'>;
  readonly faultWithin: (pointer: string) => string | undefined;
}

/** What undoes a task: another type with its parameters. */
export function UndoFields({ task, at: of, edit, help, faultWithin }: UndoFieldsProps) {
  const { t } = useTranslation();
  const types = useTaskTypes();
  const at = `${of}/compensate_with`;
  const written = task['compensate_with'];
  const put = (next: unknown) => edit({ compensate_with: next });
  const isKnown = written === undefined || (isFields(written) && typeof (written['task_type'] ?? '') === 'string');
  return (
    <Section name="compensate_with" title={t('designer.flow.compensate_with')} open={written !== undefined}>
      <p className="help">{t('designer.flow.undoHelp')}</p>
      {isKnown ? (
        <>
          <Labelled name={t('designer.flow.undo')} fault={help.faultAt(at) ?? help.faultAt(`${at}/task_type`)}>
            {(id) => (
              <Select
                id={id}
                className="wide"
                allowClear
                showSearch={{ optionFilterProp: 'label' }}
                value={written?.['task_type'] as string | undefined}
                options={(types.data ?? [])
                  .filter(({ task_type: type }) => !isControlType(type))
                  .map(({ task_type: type, title }) => ({ value: type, label: `${shownText(title, 60)} · ${type}` }))}
                onChange={(next: string | undefined) =>
                  // What the type before took is not what this one takes.
                  put(next && patched(written ?? {}, { task_type: next, task_params: { task_config: {} } }))
                }
              />
            )}
          </Labelled>
          {written !== undefined && (
            <Undo {...{ of: written, at, help, faultWithin }} inherited={task['retry_policy']} change={put} />
          )}
        </>
      ) : (
        <Labelled name={t('designer.flow.undo')} fault={faultWithin(at)}>
          {(id) => <AsJson id={id} value={written} change={put} />}
        </Labelled>
      )}
    </Section>
  );
}

interface UndoProps extends Pick<UndoFieldsProps, 'at' | 'help' | 'faultWithin'> {
  readonly of: Fields;
  readonly inherited: unknown;
  readonly change: (next: Fields) => void;
}

function Undo({ of, at, help, faultWithin, inherited, change }: UndoProps) {
  const { t } = useTranslation();
  const type = useTaskTypes().data?.find(({ task_type }) => task_type === of['task_type']);
  const params = isFields(of['task_params']) ? of['task_params'] : {};
  // As the forms of a task take it.
  const task: DraftTask = { task_id: '', task_type: String(of['task_type']), depends_on: [], task_params: params };
  const set = (patch: Fields) => change(patched(of, patch));
  const setParams = (patch: Fields) => set({ task_params: patched(params, patch) });
  return (
    <>
      <NameField of={of} set={set} fault={help.faultAt(`${at}/task_name`)} />
      {(type?.needs_parties === true || params['sf_init_config'] !== undefined) && (
        <PartyFields
          task={task}
          at={`${at}/task_params/sf_init_config`}
          known={[...new Set(help.datasets.map(({ party }) => party))]}
          change={(init) => setParams({ sf_init_config: init })}
          faultAt={help.faultAt}
          faultWithin={faultWithin}
        />
      )}
      <EngineField type={type} params={params} at={`${at}/task_params`} set={setParams} faultAt={help.faultAt} />
      {type !== undefined && (
        <SchemaFields
          schema={type.config_schema}
          value={params['task_config']}
          change={(next) => setParams({ task_config: next ?? {} })}
          pointer={`${at}/task_params/task_config`}
          help={{ ...help, params, parties: partiesOf(task) }}
        />
      )}
      <SchemaFields
        schema={{ properties: { timeout: { type: 'integer', title: t('designer.runs.timeout') } } }}
        value={of['timeout'] === undefined ? {} : { timeout: of['timeout'] }}
        change={(next) => set({ timeout: isFields(next) ? next['timeout'] : undefined })}
        pointer={at}
        help={{ ...help, params, parties: [] }}
      />
      <RetryFields
        value={of['retry_policy']}
        inherited={inherited}
        change={(policy) => set({ retry_policy: policy })}
        pointer={`${at}/retry_policy`}
        faultAt={help.faultAt}
      />
    </>
  );
}
