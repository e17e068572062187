import { Button, Input, Select } from 'antd';
import { memo, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { DatasetDto, FaultDto, TaskTypeDto } from '#client';
import { faultAtOf, faultIn, useFaultWords } from '../view/fault-words.js';
import { Name, shownChoice, shownText } from '../view/name.js';
import { BranchFields } from './branch-fields.js';
import { ChildFields } from './child-fields.js';
import { ConditionField } from './condition-field.js';
import { DependencyFields } from './dependency-fields.js';
import { EngineField } from './engine-field.js';
import { isFields, parentOf, type Draft, type DraftTask, type Fields } from './draft.js';
import { NameField } from './name-field.js';
import { editTask, patched, setParents } from './edits.js';
import { FlowFields } from './flow-fields.js';
import { Gathers } from './gathers.js';
import { innerIdAt } from './inner-chain.js';
import { PartyFields } from './party-fields.js';
import { completions, conditions, partiesOf } from './references.js';
import { Running } from './running-fields.js';
import { Labelled, SchemaFields } from './schema-form.js';
import { Section } from './section.js';
import { UndoFields } from './undo-fields.js';

const RULES = [
  'all_success',
  'all_done',
  'all_failed',
  'one_success',
  'one_failed',
  'none_failed',
  'none_failed_min_one_success',
  'always',
];

/** A pointer into the chain that is written out in a task. */
const IN_CHAIN = /^\/tasks\/\d+\/task_params\/task_config\/chain\b/;

interface TaskPanelProps {
  readonly draft: Draft;
  readonly task: DraftTask;
  readonly type: TaskTypeDto | undefined;
  readonly datasets: readonly DatasetDto[];
  readonly faults: readonly FaultDto[];
  readonly change: (change: (draft: Draft) => Draft, field?: string) => void;
  /** Gives it another id; false where another task has that. */
  readonly rename: (to: string) => boolean;
  readonly remove: () => void;
  /** Draws the chain that is written out in the task, with a task of it chosen; undefined where there is none to draw. */
  readonly open: ((chosen?: string) => void) | undefined;
}

/** A task's form. */
export const TaskPanel = memo(function TaskPanel({
  draft,
  task,
  type,
  datasets,
  faults,
  change,
  rename,
  remove,
  open,
}: TaskPanelProps) {
  const { t } = useTranslation();
  const id = task.task_id;
  const at = `/tasks/${draft.tasks.indexOf(task)}`;
  const words = useFaultWords();
  const faultAt = faultAtOf(faults, words);
  const edit = (patch: Fields) => change((now) => editTask(now, id, patch), `${id} ${Object.keys(patch).join()}`);
  const params = task.task_params;
  const others = draft.tasks.filter((each) => each !== task).map(({ task_id }) => task_id);
  const config = params['task_config'];
  const parties = partiesOf(task);
  const { trigger_rule: rule } = task;
  const complete = (text: string) => completions(draft, task, text);
  const condition = (text: string) => conditions(draft, task, text, true);
  const before = (text: string) => conditions(draft, task, text, false);
  const own = faults.filter(({ pointer = '' }) => pointer === at || pointer.startsWith(`${at}/`));
  return (
    <form aria-label={t('designer.task')} onSubmit={(event) => event.preventDefault()}>
      <h2>
        <Name text={type?.title ?? task.task_type} />
      </h2>
      {type !== undefined && <p className="help">{type.description}</p>}
      {own.length > 0 && (
        <ul className="faults">
          {own.slice(0, 20).map(({ code, pointer = '', message }) => (
            <li key={code + pointer + message}>
              <code>{shownText(pointer.slice(at.length), 80)}</code> {shownText(words({ code, message }), 400)}
              {open !== undefined && IN_CHAIN.test(pointer) && (
                <>
                  {' '}
                  <Button size="small" onClick={() => open(innerIdAt(task, pointer.slice(at.length)))}>
                    {t('designer.inner.lead')}
                  </Button>
                </>
              )}
            </li>
          ))}
        </ul>
      )}
      <TaskId key={id} id={id} rename={rename} />
      <NameField of={task} set={edit} fault={faultAt(`${at}/task_name`)} />
      <Labelled name={t('designer.waitsFor')} fault={faultAt(`${at}/depends_on`)}>
        {(field) => (
          <Select
            id={field}
            className="wide"
            mode="multiple"
            options={others.map((each) => ({ value: each, label: shownText(each) }))}
            labelRender={shownChoice}
            value={task.depends_on.map(parentOf)}
            onChange={(parents: string[]) => change((now) => setParents(now, id, parents), `${id} depends_on`)}
          />
        )}
      </Labelled>
      {task.depends_on.map((dependency, index) => (
        <Section
          key={parentOf(dependency)}
          name="dependency"
          title={t('designer.from', { parent: shownText(parentOf(dependency)) })}
          open={typeof dependency !== 'string' && typeof dependency['when'] === 'string'}
        >
          <DependencyFields draft={draft} task={task} index={index} faultAt={faultAt} change={change} />
        </Section>
      ))}
      <Labelled name={t('designer.trigger')} fault={faultIn(faults, words, `${at}/trigger_rule`)}>
        {(field) => (
          <Select
            id={field}
            className="wide"
            allowClear
            placeholder={t('designer.rules.all_success')}
            options={[...RULES, 'at_least'].map((each) => ({ value: each, label: t(`designer.rules.${each}`) }))}
            value={isFields(rule) ? 'at_least' : typeof rule === 'string' ? rule : undefined}
            onChange={(next: string | undefined) =>
              edit({ trigger_rule: next === 'at_least' ? { at_least: 1 } : next })
            }
          />
        )}
      </Labelled>
      {isFields(rule) && (
        <SchemaFields
          schema={{ properties: { at_least: { type: 'integer', title: t('designer.atLeast') } } }}
          value={rule}
          change={(next) => edit({ trigger_rule: next })}
          pointer={`${at}/trigger_rule`}
          help={{ parties, datasets, params: {}, complete: () => [], faultAt: () => undefined }}
        />
      )}
      <Gathers task={task} at={at} edit={edit} faultAt={faultAt} />
      <Labelled
        name={t('designer.when')}
        fault={faultAt(`${at}/when`)}
        schema={{ description: t('designer.whenHelp') }}
      >
        {(field) => (
          <ConditionField
            id={field}
            value={typeof task['when'] === 'string' ? task['when'] : ''}
            change={(when) => edit({ when })}
            complete={before}
            isWrong={faultAt(`${at}/when`) !== undefined}
          />
        )}
      </Labelled>
      <BranchFields
        key={`${id} branch`}
        {...{ draft, task, at, faultAt, change }}
        faultWithin={(pointer) => faultIn(faults, words, pointer)}
      />
      <FlowFields
        key={`${id} flow`}
        task={task}
        at={at}
        edit={edit}
        help={{ parties, datasets, complete, condition, faultAt }}
      />
      <UndoFields
        key={`${id} undo`}
        task={task}
        at={at}
        edit={edit}
        help={{ datasets, complete: (text) => completions(draft, task, text, true), faultAt }}
        faultWithin={(pointer) => faultIn(faults, words, pointer)}
      />
      <h3>{t('designer.parameters')}</h3>
      {(type?.needs_parties === true || params['sf_init_config'] !== undefined) && (
        <PartyFields
          key={`${id} parties`}
          task={task}
          at={`${at}/task_params/sf_init_config`}
          known={[...new Set(datasets.map(({ party }) => party))]}
          change={(init) => edit({ task_params: patched(params, { sf_init_config: init }) })}
          faultAt={faultAt}
          faultWithin={(pointer) => faultIn(faults, words, pointer)}
        />
      )}
      <EngineField
        type={type}
        params={params}
        at={`${at}/task_params`}
        set={(patch) => edit({ task_params: patched(params, patch) })}
        faultAt={faultAt}
      />
      {task.task_type === 'chain' && (
        <ChildFields
          key={`${id} child`}
          config={isFields(config) ? config : {}}
          change={(next) => edit({ task_params: { ...params, task_config: next } })}
          at={`${at}/task_params/task_config`}
          help={{ parties, datasets, params, complete, faultAt }}
          open={open && (() => open())}
        />
      )}
      {type !== undefined && task.task_type !== 'chain' && (
        <SchemaFields
          schema={type.config_schema}
          value={config}
          change={(next) => edit({ task_params: patched(params, { task_config: next }) })}
          pointer={`${at}/task_params/task_config`}
          help={{ parties, datasets, params, complete, faultAt }}
        />
      )}
      <Running task={task} options={draft['options']} at={at} edit={edit} faultAt={faultAt} />
      <Button danger onClick={remove}>
        {t('designer.remove')}
      </Button>
    </form>
  );
});

/** The id is taken on leaving the field: while it is typed it may be that of another task. */
function TaskId({ id, rename }: { id: string; rename: (to: string) => boolean }) {
  const { t } = useTranslation();
  const [text, setText] = useState(id);
  const [taken, setTaken] = useState(false);
  const done = () => {
    if (text === id || text === '') return setText(id);
    setTaken(!rename(text));
  };
  return (
    <Labelled name={t('designer.id')} required fault={taken ? t('designer.taken') : undefined}>
      {(field) => (
        <Input
          id={field}
          value={text}
          maxLength={64}
          onChange={({ target }) => setText(target.value.replaceAll(/[^A-Za-z0-9._-]/g, '-'))}
          onBlur={done}
          onPressEnter={done}
        />
      )}
    </Labelled>
  );
}
