import { Select } from 'antd';
import { useTranslation } from 'react-i18next';
import type { TaskTypeDto } from '#client';
import { shownText } from '../view/name.js';
import type { Fields } from './draft.js';
import { Labelled } from './schema-form.js';

interface EngineFieldProps {
  readonly type: TaskTypeDto | undefined;
  readonly params: Fields;
  /** The JSON pointer of the parameters. */
  readonly at: string;
  readonly set: (patch: Fields) => void;
  readonly faultAt: (pointer: string) => string | undefined;
}

/** What a type runs on, where it runs on more than one engine. What is written stays in sight. */
export function EngineField({ type, params, at, set, faultAt }: EngineFieldProps) {
  const { t } = useTranslation();
  const { engine } = params;
  const engines = [...new Set([...(type?.engines ?? []), ...(typeof engine === 'string' ? [engine] : [])])];
  if (engines.length < 2 && engine === undefined) return null;
  const leaves = type?.engine_leaves.find((each) => each.engine === engine)?.leaves;
  return (
    <Labelled
      name={t('designer.engine')}
      fault={faultAt(`${at}/engine`)}
      schema={{ description: leaves ?? t('designer.engineHelp') }}
    >
      {(id) => (
        <Select
          id={id}
          className="wide"
          allowClear
          options={engines.map((each) => ({ value: each, label: shownText(each, 60) }))}
          value={engine as string | undefined}
          onChange={(next: string | undefined) => set({ engine: next })}
        />
      )}
    </Labelled>
  );
}
