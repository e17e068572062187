import { AutoComplete, Input, Select } from 'antd';
import { useId, useState, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { DatasetDto } from '#client';
import { shownChoice, shownText } from '../view/name.js';
import { ConditionField } from './condition-field.js';
import { isFields, type Fields } from './draft.js';
import { patched } from './edits.js';
import { datasetsIn } from './references.js';
import { artifactsOf, eitherOf, fieldsOf, kindOf, numberOf, type Kind } from './schema.js';

/** What a form knows of its surroundings. */
export interface Help {
  readonly parties: readonly string[];
  readonly datasets: readonly DatasetDto[];
  /** The whole of the task's parameters: the columns of the datasets that a party's part of it names are offered. */
  readonly params: unknown;
  readonly complete: (text: string) => readonly string[];
  /** The same for conditions that are asked once the task has ended: the fields with `x-condition`. */
  readonly condition?: (text: string) => readonly string[];
  /** What is wrong at a JSON pointer. */
  readonly faultAt: (pointer: string) => string | undefined;
}
interface PartProps {
  readonly schema: Fields;
  readonly value: unknown;
  readonly change: (value: unknown) => void;
  readonly pointer: string;
  readonly help: Help;
  readonly party?: string;
}

/** The fields of an object by its JSON Schema, with their help, defaults and faults. */
export function SchemaFields({ schema, value, change, pointer, help }: Omit<PartProps, 'party'>) {
  const fields = isFields(value) ? value : {};
  return fieldsOf(schema).map(({ name, schema: part, required }) => (
    <Labelled key={name} name={name} schema={part} required={required} fault={help.faultAt(`${pointer}/${name}`)}>
      {(id) => (
        <Part
          id={id}
          schema={part}
          value={fields[name]}
          change={(next) => change(patched(fields, { [name]: next }))}
          pointer={`${pointer}/${name}`}
          help={help}
        />
      )}
    </Labelled>
  ));
}

interface LabelledProps {
  readonly name: string;
  readonly schema?: Fields;
  readonly required?: boolean;
  readonly fault?: string | undefined;
  readonly children: (id: string) => ReactNode;
}

/** A field with its name, what it is for, and what is wrong with it. */
export function Labelled({ name, schema = {}, required = false, fault, children }: LabelledProps) {
  const { t } = useTranslation();
  const id = useId();
  const { description, title } = schema;
  return (
    <div className="field">
      <label htmlFor={id}>
        {typeof title === 'string' ? (
          <>
            {shownText(title, 200)} <code>{shownText(name, 100)}</code>
          </>
        ) : (
          shownText(name, 100)
        )}
        {required && <span aria-hidden="true"> *</span>}
      </label>
      {children(id)}
      {fault !== undefined && (
        <p className="fault" role="alert">
          {shownText(fault, 400)}
        </p>
      )}
      {typeof description === 'string' && <p className="help">{shownText(description, 600)}</p>}
      {kindOf(schema) === 'artifact' && <p className="help">{t('designer.artifactHelp')}</p>}
    </div>
  );
}

function Part({ id, ...props }: PartProps & { readonly id: string }) {
  const { schema, value, change, pointer, help, party } = props;
  const shown = schema['default'] === undefined ? '' : JSON.stringify(schema['default']);
  switch (kindOf(schema)) {
    case 'fields':
      return (
        <fieldset id={id}>
          <SchemaFields {...props} />
        </fieldset>
      );
    case 'parties':
      return <PerParty {...props} id={id} />;
    case 'choice': {
      const options = (schema['enum'] as unknown[]).map((each) => ({ value: String(each), label: String(each) }));
      return (
        <Select
          id={id}
          className="wide"
          allowClear
          placeholder={shown}
          options={options}
          value={value === undefined ? undefined : shownText(String(value))}
          onChange={(next: string | undefined) =>
            change((schema['enum'] as unknown[]).find((each) => String(each) === next))
          }
        />
      );
    }
    case 'switch': {
      const options = ['true', 'false'].map((each) => ({ value: each, label: each }));
      return (
        <Select
          id={id}
          className="wide"
          allowClear
          placeholder={shown}
          options={options}
          value={value === undefined ? undefined : String(value)}
          onChange={(next: string | undefined) => change(next === undefined ? undefined : next === 'true')}
        />
      );
    }
    case 'texts':
      return <Texts {...props} id={id} placeholder={shown} />;
    case 'json':
      break;
    case 'artifact':
    case 'number':
    case 'either':
    case 'text': {
      const read = (text: string) => (text === '' ? undefined : READ[kindOf(schema)]?.(text));
      if (value !== undefined && typeof value !== 'string' && typeof value !== 'number') break;
      const text = value === undefined ? '' : String(value);
      if (schema['x-condition'] === true && help.condition !== undefined) {
        const isWrong = help.faultAt(pointer) !== undefined;
        return <ConditionField id={id} value={text} change={change} complete={help.condition} isWrong={isWrong} />;
      }
      const offered = [
        // An artifact comes out of a result: all that may be named is offered at once.
        ...help.complete(text === '' && kindOf(schema) === 'artifact' ? '${' : text),
        ...help.datasets.filter((each) => each.party === party && !each.removed).map(({ reference }) => reference),
      ];
      return (
        <AutoComplete
          id={id}
          className="wide"
          value={text}
          placeholder={shown}
          options={offered
            .filter((each) => each.startsWith(text))
            .map((each) => ({ value: each, label: shownText(each) }))}
          onChange={(next: string) => change(read(next))}
          {...{ 'aria-invalid': help.faultAt(pointer) !== undefined }}
        />
      );
    }
  }
  return <AsJson id={id} value={value} change={change} />;
}

const READ: Partial<Record<Kind, (text: string) => unknown>> = {
  number: numberOf,
  either: eitherOf,
  text: (text) => text,
  artifact: artifactsOf,
};

/** A value for each party of the task, as rows. */
function PerParty({ id, schema, value: given, change, pointer, help }: PartProps & { readonly id: string }) {
  const { t } = useTranslation();
  const items = schema['additionalProperties'] as Fields;
  if (given !== undefined && !isFields(given)) return <AsJson id={id} value={given} change={change} />;
  // A value takes the place of the whole default: what is not changed stays.
  const value = given ?? (isFields(schema['default']) ? schema['default'] : undefined);
  const parties = [...new Set([...help.parties, ...Object.keys(value ?? {})])];
  if (parties.length === 0) return <p id={id}>{t('designer.noParties')}</p>;
  return (
    <fieldset id={id}>
      {parties.map((party) => (
        <Labelled key={party} name={party} fault={help.faultAt(`${pointer}/${party}`)}>
          {(own) => (
            <Part
              id={own}
              schema={items}
              value={value?.[party]}
              change={(next) => {
                const all = patched(value ?? {}, { [party]: next });
                change(Object.keys(all).length === 0 ? undefined : all);
              }}
              pointer={`${pointer}/${party}`}
              help={help}
              party={party}
            />
          )}
        </Labelled>
      ))}
    </fieldset>
  );
}

/** Several texts; the columns of the party's datasets are offered. */
function Texts({
  id,
  schema,
  value,
  change,
  help,
  party,
  placeholder,
}: PartProps & { id: string; placeholder: string }) {
  const items = schema['items'] as Fields;
  const named = new Set(datasetsIn(help.params));
  const columns = help.datasets
    .filter((each) => named.has(each.reference) && (party === undefined || each.party === party))
    .flatMap((each) => each.columns);
  const known = Array.isArray(items['enum'])
    ? items['enum'].map((each) => ({ value: String(each), label: shownText(String(each)) }))
    : undefined;
  const ofColumns = [...new Map(columns.map((each) => [each.name, each])).values()].map(({ name, type }) => ({
    value: name,
    label: `${shownText(name)} (${type})`,
  }));
  if (value !== undefined && !Array.isArray(value)) return <AsJson id={id} value={value} change={change} />;
  return (
    <Select
      id={id}
      className="wide"
      mode="tags"
      tokenSeparators={[',']}
      placeholder={placeholder}
      options={known ?? ofColumns}
      labelRender={shownChoice}
      value={(value ?? []).map((each) => String(each))}
      onChange={(next: string[]) => change(next.length === 0 ? undefined : next)}
    />
  );
}

/** A value for which there is no better field. It counts while it is JSON. */
export function AsJson({ id, value, change }: { id: string; value: unknown; change: (value: unknown) => void }) {
  const { t } = useTranslation();
  const written = value === undefined ? '' : JSON.stringify(value, null, 1);
  const [text, setText] = useState<string>();
  const read = (next: string) => {
    setText(next);
    if (next.trim() === '') return change(undefined);
    try {
      change(JSON.parse(next));
    } catch {
      // Said below; it counts once it is whole.
    }
  };
  const isWrong = text !== undefined && text.trim() !== '' && !parses(text);
  // What is typed stays as it is written: put in order as the field is left, it would move what is about to be clicked.
  const shown = text !== undefined && (isWrong || isOf(text, value)) ? text : written;
  return (
    <>
      <Input.TextArea
        id={id}
        rows={Math.min(10, shown.split('\n').length)}
        className="code"
        value={shown}
        onChange={(event) => read(event.target.value)}
        spellCheck={false}
      />
      {isWrong && (
        <p className="fault" role="alert">
          {t('designer.notJson')}
        </p>
      )}
    </>
  );
}

/** Whether a text is this value; of none where it is empty. */
const isOf = (text: string, value: unknown): boolean =>
  text.trim() === '' ? value === undefined : JSON.stringify(JSON.parse(text)) === JSON.stringify(value);

function parses(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
