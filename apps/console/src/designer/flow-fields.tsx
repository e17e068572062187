import { useTranslation } from 'react-i18next';
import { carrySchema, useChildChain } from './child-chain.js';
import { isControlType, isFields, type DraftTask, type Fields } from './draft.js';
import { Labelled, SchemaFields, AsJson, type Help } from './schema-form.js';

type Words = (name: string) => string;

/** The fields of `for_each`, `repeat` and `end_chain`, of which the API says what is wrong; `carry`: what is known of it. */
const SCHEMAS = {
  for_each: (t: Words): Fields => ({
    required: ['items'],
    properties: {
      items: { title: t('items'), description: t('itemsHelp') },
      key: { type: 'string', title: t('key'), description: t('keyHelp') },
      batch: { type: 'integer', title: t('batch') },
      max_items: { type: 'integer', title: t('maxItems') },
      max_parallel: { type: 'integer', title: t('maxParallel') },
      at_least: { type: 'number', title: t('atLeast'), description: t('atLeastHelp') },
    },
  }),
  repeat: (t: Words, carry: Fields | undefined): Fields => ({
    required: ['until', 'max'],
    properties: {
      until: { type: 'string', 'x-condition': true, title: t('until'), description: t('untilHelp') },
      max: { type: 'integer', title: t('max'), description: t('maxHelp') },
      delay: { type: 'number', title: t('delay') },
      carry: { title: t('carry'), description: t(carry ? 'carryHelp' : 'carryJson'), ...(carry ?? { type: 'object' }) },
    },
  }),
  end_chain: (t: Words): Fields => ({
    required: ['when', 'status'],
    properties: {
      when: { type: 'string', 'x-condition': true, title: t('endWhen'), description: t('endWhenHelp') },
      status: { enum: ['SUCCESS', 'FAILURE', 'CANCELLED'], title: t('endStatus') },
      message: { type: 'string', title: t('endMessage') },
    },
  }),
};

/** A control task ends no chain, and one of type `chain` alone has turns; what is written stays in sight. */
function fieldsFor(task: DraftTask): (keyof typeof SCHEMAS)[] {
  const isControl = isControlType(task.task_type);
  const fits = { for_each: true, repeat: task.task_type === 'chain', end_chain: !isControl };
  return (['for_each', 'repeat', 'end_chain'] as const).filter((name) => fits[name] || task[name] !== undefined);
}

interface FlowFieldsProps {
  readonly task: DraftTask;
  /** The task's JSON pointer. */
  readonly at: string;
  readonly edit: (patch: Fields) => void;
  readonly help: Omit<Help, 'params'>;
}

/** What a task does to the chain's course: once for each item of a list, the end of the chain, how it is undone. */
export function FlowFields({ task, at, edit, help }: FlowFieldsProps) {
  const { t } = useTranslation();
  const config = task.task_params['task_config'];
  const carry = carrySchema(useChildChain(task['repeat'] !== undefined && isFields(config) ? config : {}));
  return (
    <>
      {fieldsFor(task).map((name) => {
        // The short form of a list is the list itself.
        const written = task[name];
        const value = name === 'for_each' && written !== undefined && !isFields(written) ? { items: written } : written;
        const first = written === undefined && name === 'end_chain' ? { status: 'SUCCESS' } : {};
        const set = (next: unknown) =>
          edit({ [name]: isFields(next) && Object.keys(next).length > 0 ? { ...first, ...next } : undefined });
        return (
          <details key={name} open={written !== undefined}>
            <summary>{t(`designer.flow.${name}`)}</summary>
            <SchemaFields
              schema={SCHEMAS[name]((word) => t(`designer.flow.${word}`), carry)}
              value={value}
              change={set}
              pointer={`${at}/${name}`}
              help={{ ...help, params: {} }}
            />
          </details>
        );
      })}
      <details open={task['compensate_with'] !== undefined}>
        <summary>{t('designer.flow.compensate_with')}</summary>
        <Labelled
          name={t('designer.flow.undo')}
          schema={{ description: t('designer.flow.undoHelp') }}
          fault={help.faultAt(`${at}/compensate_with`)}
        >
          {(id) => (
            <AsJson
              key={task.task_id}
              id={id}
              value={task['compensate_with']}
              change={(next) => edit({ compensate_with: next })}
            />
          )}
        </Labelled>
      </details>
    </>
  );
}
