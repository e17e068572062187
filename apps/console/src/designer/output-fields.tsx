import { AutoComplete, Button } from 'antd';
import { useTranslation } from 'react-i18next';
import { shownText } from '../view/name.js';
import { AsJson } from './as-json.js';
import { isFields, type Draft } from './draft.js';
import { outputCompletions } from './references.js';
import { RowName } from './row-name.js';
import { Labelled } from './schema-form.js';
import { stepOf } from './schema.js';

interface OutputFieldsProps {
  readonly draft: Draft;
  readonly change: (outputs: unknown, field?: string) => void;
  readonly faultAt: (pointer: string) => string | undefined;
  /** What is wrong at a pointer or below it. */
  readonly faultWithin: (pointer: string) => string | undefined;
}

/** What a chain gives back: a name, and the result that it stands for. */
export function OutputFields({ draft, change, faultAt, faultWithin }: OutputFieldsProps) {
  const { t } = useTranslation();
  const outputs = draft['outputs'] ?? {};
  const rows = isFields(outputs) ? Object.entries(outputs) : [];
  if (!isFields(outputs) || rows.some(([, value]) => typeof value !== 'string')) {
    return (
      <Labelled name={t('designer.outputs')} fault={faultWithin('/outputs')}>
        {(field) => <AsJson id={field} value={outputs} change={(next) => change(next, 'outputs')} />}
      </Labelled>
    );
  }
  const put = (next: readonly (readonly [string, unknown])[], field?: string) =>
    change(next.length > 0 ? Object.fromEntries(next) : undefined, field);
  const freeName = () => {
    let n = rows.length + 1;
    while (Object.hasOwn(outputs, `output-${n}`)) n++;
    return `output-${n}`;
  };
  const whole = faultAt('/outputs');
  return (
    <fieldset>
      <legend>{t('designer.outputs')}</legend>
      <p className="help">{t('designer.outputsHelp')}</p>
      {whole !== undefined && (
        <p className="fault" role="alert">
          {shownText(whole, 400)}
        </p>
      )}
      {rows.map(([name, value], index) => (
        // A row keeps the focus while its name changes.
        <div key={index} className="output" role="group" aria-label={shownText(name, 60)}>
          <RowName
            name={name}
            taken={t('designer.output.taken')}
            rename={(to) => {
              if (Object.hasOwn(outputs, to)) return false;
              put(rows.with(index, [to, value]));
              return true;
            }}
          />
          <Labelled name={t('designer.output.value')} fault={faultWithin(`/outputs/${stepOf(name)}`)}>
            {(field) => (
              <AutoComplete
                id={field}
                className="wide"
                value={String(value)}
                placeholder="${tasks.…"
                options={outputCompletions(draft, String(value)).map((each) => ({
                  value: each,
                  label: shownText(each),
                }))}
                onChange={(next: string) => put(rows.with(index, [name, next]), `outputs ${name}`)}
              />
            )}
          </Labelled>
          <Button size="small" onClick={() => put(rows.toSpliced(index, 1))}>
            {t('designer.output.remove', { name: shownText(name, 40) })}
          </Button>
        </div>
      ))}
      <Button onClick={() => put([...rows, [freeName(), '']])}>{t('designer.output.add')}</Button>
    </fieldset>
  );
}
