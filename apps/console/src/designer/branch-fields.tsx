import { Button, Select, Space } from 'antd';
import { useId, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { shownText } from '../view/name.js';
import { AsJson } from './as-json.js';
import { canGoDown, MOST_ARMS, readArms, swapped, withNewArm, writtenArms, type Arm } from './branch.js';
import { ConditionField } from './condition-field.js';
import { ancestorsOf, type Draft, type DraftTask } from './draft.js';
import { editTask } from './edits.js';
import { conditions } from './references.js';
import { Fault, RowButton } from './rows.js';
import { Labelled } from './schema-form.js';
import { Section } from './section.js';
import { useRowFocus } from './use-row-focus.js';

interface BranchFieldsProps {
  readonly draft: Draft;
  readonly task: DraftTask;
  /** The task's JSON pointer. */
  readonly at: string;
  readonly faultAt: (pointer: string) => string | undefined;
  /** What is wrong at a pointer or below it. */
  readonly faultWithin: (pointer: string) => string | undefined;
  readonly change: (change: (draft: Draft) => Draft, field?: string) => void;
}

/** The arms of a task's branch: what each asks, and which tasks run where it is taken. */
export function BranchFields({ draft, task, at, faultAt, faultWithin, change }: BranchFieldsProps) {
  const { t } = useTranslation();
  const id = task.task_id;
  const arms = readArms(task['branch']);
  const [isEdited, edited] = useState(false);
  const { list, adding, afterMove, afterAdd, afterRemove } = useRowFocus();
  const put = (branch: unknown, field?: string) => change((now) => editTask(now, id, { branch }), field);
  if (arms === undefined) {
    return (
      <Labelled
        name={t('designer.branch')}
        schema={{ description: t('designer.branchHelp') }}
        fault={faultWithin(`${at}/branch`)}
      >
        {(field) => <AsJson id={field} value={task['branch']} change={(next) => put(next, `${id} branch`)} />}
      </Labelled>
    );
  }
  const write = (next: readonly Arm[], field?: string) => {
    edited(true);
    put(writtenArms(next), field);
  };
  const move = (index: number, by: 1 | -1) => {
    afterMove(index, by);
    write(swapped(arms, by === 1 ? index : index - 1));
  };
  const add = (next: readonly Arm[], index: number) => {
    afterAdd(index);
    write(next);
  };
  const whole = faultAt(`${at}/branch`);
  const hasElse = arms.some(({ when }) => when === undefined);
  const before = new Set([id, ...ancestorsOf(draft, id)]);
  const others = draft.tasks.flatMap(({ task_id: each }) => (before.has(each) ? [] : [each]));
  const isFull = arms.length >= MOST_ARMS;
  return (
    // It stays open where its last arm was removed.
    <Section name="branch" title={t('designer.branch')} open={arms.length > 0 || isEdited}>
      <p className="help">{t('designer.branchHelp')}</p>
      <Fault text={whole} />
      <div className="arms" ref={list}>
        {arms.map((arm, index) => (
          <ArmFields
            // An arm has no name; what is half chosen of it is its tasks and its condition.
            key={index}
            {...{ arm, faultAt, faultWithin }}
            name={
              arm.when === undefined
                ? t('designer.arms.else')
                : t(index === 0 ? 'designer.arms.if' : 'designer.arms.elseIf', { number: index + 1 })
            }
            at={`${at}/branch/${index}`}
            others={others}
            complete={(text) => conditions(draft, task, text, true)}
            set={(next, part) => write(arms.with(index, next), `${id} branch ${index} ${part}`)}
            up={index > 0 && canGoDown(arms, index - 1) ? () => move(index, -1) : undefined}
            down={canGoDown(arms, index) ? () => move(index, 1) : undefined}
            remove={() => {
              afterRemove();
              write(arms.toSpliced(index, 1));
            }}
          />
        ))}
      </div>
      <Space wrap>
        <Button
          ref={adding}
          disabled={isFull}
          onClick={() => {
            const next = withNewArm(arms);
            add(next, next.length - (hasElse && next.at(-1)!.when === undefined ? 2 : 1));
          }}
        >
          {t('designer.arms.add')}
        </Button>
        {arms.length > 0 && !hasElse && (
          <Button disabled={isFull} onClick={() => add([...arms, { when: undefined, tasks: [] }], arms.length)}>
            {t('designer.arms.addElse')}
          </Button>
        )}
      </Space>
    </Section>
  );
}

interface ArmFieldsProps extends Pick<BranchFieldsProps, 'at' | 'faultAt' | 'faultWithin'> {
  readonly arm: Arm;
  readonly name: string;
  /** The tasks that may run after this one. */
  readonly others: readonly string[];
  readonly complete: (text: string) => readonly string[];
  readonly set: (arm: Arm, part: string) => void;
  /** Undefined: it cannot go there. */
  readonly up: (() => void) | undefined;
  readonly down: (() => void) | undefined;
  readonly remove: () => void;
}

function ArmFields({ arm, name, at, others, complete, set, up, down, remove, ...faults }: ArmFieldsProps) {
  const { t } = useTranslation();
  const title = useId();
  const { when, tasks } = arm;
  const fault = faults.faultAt(at);
  const asked = faults.faultAt(`${at}/when`);
  const inTasks = faults.faultWithin(`${at}/${when === undefined ? 'else' : 'then'}`);
  const options = [...new Set([...others, ...tasks])].map((each) => ({ value: each, label: shownText(each) }));
  return (
    <div role="group" aria-labelledby={title}>
      <div className="arm-head">
        <strong id={title}>{name}</strong>
        <Space size={4}>
          <RowButton way="up" name={name} isOff={up === undefined} act={up} />
          <RowButton way="down" name={name} isOff={down === undefined} act={down} />
          <RowButton way="remove" name={name} act={remove} />
        </Space>
      </div>
      <Fault text={fault} />
      {when !== undefined && (
        <Labelled name={t('designer.arms.when')} required fault={asked}>
          {(field) => (
            <ConditionField
              id={field}
              value={when}
              change={(next = '') => set({ ...arm, when: next }, 'when')}
              complete={complete}
              isWrong={asked !== undefined}
            />
          )}
        </Labelled>
      )}
      <Labelled
        name={t('designer.arms.tasks')}
        required
        // Its last task was removed, or none is chosen yet.
        fault={inTasks !== undefined && tasks.length === 0 ? t('designer.arms.empty') : inTasks}
      >
        {(field) => (
          <Select
            id={field}
            className="wide"
            mode="multiple"
            options={options}
            value={[...tasks]}
            onChange={(next: string[]) => set({ ...arm, tasks: next }, 'tasks')}
          />
        )}
      </Labelled>
    </div>
  );
}
