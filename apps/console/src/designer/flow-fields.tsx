import { useTranslation } from 'react-i18next';
import { carrySchema, useChildChain } from './child-chain.js';
import { isControlType, isFields, type DraftTask, type Fields } from './draft.js';
import { patched } from './edits.js';
import { ItemFields } from './item-fields.js';
import type { Help } from './help.js';
import { Labelled, SchemaFields } from './schema-form.js';
import { Section } from './section.js';

type Words = (name: string) => string;

/** By parameter the name of an output, where neither is known. */
const OUTPUTS = { type: 'object', additionalProperties: { type: 'string' } };

/** The fields of `for_each` but its list, `repeat` and `end_chain`, of which the API says what is wrong; `carry`: what is known of it. */
const SCHEMAS = {
  for_each: (t: Words): Fields => ({
    properties: {
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
      carry: { title: t('carry'), description: t('carryHelp'), ...(carry ?? OUTPUTS) },
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

/** What a task does to the chain's course: once for each item of a list, in turns, the end of the chain. */
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
          <Section key={name} name={name} title={t(`designer.flow.${name}`)} open={written !== undefined}>
            {name === 'for_each' && (
              <Labelled
                name="items"
                required
                schema={{ title: t('designer.flow.items'), description: t('designer.flow.itemsHelp') }}
                fault={help.faultAt(`${at}/for_each/items`) ?? help.faultAt(`${at}/for_each`)}
              >
                {(id) => (
                  <ItemFields
                    id={id}
                    value={isFields(value) ? value['items'] : undefined}
                    change={(items) => set(patched(isFields(value) ? value : {}, { items }))}
                    pointer={isFields(written) ? `${at}/for_each/items` : `${at}/for_each`}
                    help={help}
                  />
                )}
              </Labelled>
            )}
            <SchemaFields
              schema={SCHEMAS[name]((word) => t(`designer.flow.${word}`), carry)}
              value={value}
              change={set}
              pointer={`${at}/${name}`}
              // Turns refer to nothing.
              help={{ ...help, params: {}, ...(name === 'repeat' && { complete: () => [] }) }}
            />
          </Section>
        );
      })}
    </>
  );
}
