import { Button, Select } from 'antd';
import { memo } from 'react';
import { useTranslation } from 'react-i18next';
import type { FaultDto } from '#client';
import { faultAtOf, useFaultWords } from '../view/fault-words.js';
import { shownText } from '../view/name.js';
import { ConditionField } from './condition-field.js';
import { placesIn, readArms, setPlaces, takeOut } from './branch.js';
import { parentOf, type Draft, type DraftEdge, type DraftTask, type Fields } from './draft.js';
import { disconnect, editDependency } from './edits.js';
import { conditions } from './references.js';
import { Labelled } from './schema-form.js';

const DEPENDENCIES = ['sequential', 'data', 'condition'];

type Change = (change: (draft: Draft) => Draft, field?: string) => void;

interface DependencyProps {
  readonly draft: Draft;
  readonly task: DraftTask;
  /** Of the dependency in the task's list. */
  readonly index: number;
  readonly faultAt: (pointer: string) => string | undefined;
  readonly change: Change;
}

/** What one dependency asks of the task before it. */
export function DependencyFields({ draft, task, index, faultAt, change }: DependencyProps) {
  const { t } = useTranslation();
  const id = task.task_id;
  const dependency = task.depends_on[index]!;
  const parent = parentOf(dependency);
  const { dependency_type: kind, when }: Fields = typeof dependency === 'string' ? {} : dependency;
  const asked = typeof when === 'string' ? when : '';
  const fault = faultAt(`/tasks/${draft.tasks.indexOf(task)}/depends_on/${index}/when`);
  const edit = (patch: Fields) =>
    change((now) => editDependency(now, id, parent, patch), `${id} ${parent} ${Object.keys(patch).join()}`);
  return (
    <>
      <Labelled name={t('designer.dependency')}>
        {(field) => (
          <Select
            id={field}
            className="wide"
            allowClear
            placeholder={asked === '' ? 'sequential' : 'condition'}
            options={DEPENDENCIES.map((each) => ({ value: each, label: t(`designer.dependencies.${each}`) }))}
            value={typeof kind === 'string' ? kind : undefined}
            onChange={(next: string | undefined) => edit({ dependency_type: next })}
          />
        )}
      </Labelled>
      <Labelled name={t('designer.when')} fault={fault}>
        {(field) => (
          <ConditionField
            id={field}
            value={asked}
            change={(next) => edit({ when: next })}
            complete={(text) => conditions(draft, task, text, false)}
            isWrong={fault !== undefined}
          />
        )}
      </Labelled>
    </>
  );
}

interface EdgePanelProps {
  readonly draft: Draft;
  readonly from: string;
  readonly to: string;
  readonly isArm: boolean;
  readonly faults: readonly FaultDto[];
  readonly change: Change;
  readonly open: (task: string) => void;
  /** The edge is another one by now: an arm, or none any more. */
  readonly became: (edge: Pick<DraftEdge, 'from' | 'to' | 'isArm'>) => void;
}

/** The form of a chosen edge. */
export const EdgePanel = memo(function EdgePanel({
  draft,
  from,
  to,
  isArm,
  faults,
  change,
  open,
  became,
}: EdgePanelProps) {
  const { t } = useTranslation();
  const faultAt = faultAtOf(faults, useFaultWords());
  const task = draft.tasks.find(({ task_id }) => task_id === to);
  const index = task?.depends_on.findIndex((each) => parentOf(each) === from) ?? -1;
  const names = { from: shownText(from), to: shownText(to) };
  return (
    <form aria-label={t('designer.theEdge')} onSubmit={(event) => event.preventDefault()}>
      <h2>{t(isArm ? 'designer.arm' : 'designer.edge', names)}</h2>
      {isArm && <p className="help">{t('designer.armHelp', names)}</p>}
      <ArmsOfEdge {...{ draft, from, to, change, became }} />
      {!isArm && task !== undefined && index >= 0 && (
        <DependencyFields draft={draft} task={task} index={index} faultAt={faultAt} change={change} />
      )}
      <Button danger onClick={() => change((now) => (isArm ? takeOut : disconnect)(now, from, to))}>
        {t('designer.removeEdge')}
      </Button>{' '}
      {(isArm ? [from] : [from, to]).map((each) => (
        <Button key={each} onClick={() => open(each)}>
          {t('designer.openTask', { task: shownText(each, 60) })}
        </Button>
      ))}
    </form>
  );
});

/** In which arms of the task before it a task runs, where that has a branch. */
function ArmsOfEdge({
  draft,
  from,
  to,
  change,
  became,
}: Pick<EdgePanelProps, 'draft' | 'from' | 'to' | 'change' | 'became'>) {
  const { t } = useTranslation();
  const arms = readArms(draft.tasks.find(({ task_id }) => task_id === from)?.['branch']) ?? [];
  const places = placesIn(draft, from, to) ?? [];
  if (arms.length === 0) return null;
  return (
    <Labelled name={t('designer.arms.of')} schema={{ description: t('designer.arms.ofHelp') }}>
      {(field) => (
        <Select
          id={field}
          className="wide"
          mode="multiple"
          placeholder={t('designer.arms.any')}
          options={arms.map(({ when }, index) => ({
            value: index,
            label: `${index + 1} · ${when === undefined ? t('designer.otherwise') : shownText(when, 80)}`,
          }))}
          value={[...places]}
          onChange={(next: number[]) => {
            change((now) => setPlaces(now, from, to, next));
            became({ from, to, isArm: next.length > 0 });
          }}
        />
      )}
    </Labelled>
  );
}
