import { AutoComplete } from 'antd';
import { useState } from 'react';
import { shownText } from '../view/name.js';
import { ConditionField } from './condition-field.js';
import type { Fields } from './draft.js';
import type { Help } from './help.js';
import { artifactsOf, eitherOf, kindOf, numberOf, textOf, type Kind } from './schema.js';

export interface PartProps {
  readonly schema: Fields;
  readonly value: unknown;
  readonly change: (value: unknown) => void;
  readonly pointer: string;
  readonly help: Help;
  readonly party?: string | undefined;
}

interface ValueFieldProps extends PartProps {
  readonly id: string;
  /** The default, as it is shown. */
  readonly placeholder: string;
  readonly onFocus: () => void;
  readonly onBlur: () => void;
}

const READ: Partial<Record<Kind, (text: string) => unknown>> = {
  number: numberOf,
  either: eitherOf,
  text: (text) => text,
  artifact: artifactsOf,
};

/** A text, a number or a reference: what is typed counts with each key. */
export function ValueField(props: ValueFieldProps) {
  const { id, schema, value, change, pointer, help, party, placeholder, onFocus, onBlur } = props;
  const kind = kindOf(schema);
  const read = (text: string): unknown => (text === '' ? undefined : READ[kind]?.(text));
  // It stays as it is typed while it means the value: `0.` is on its way to `0.8`.
  const [typed, type] = useState<string>();
  const isTyped = typed !== undefined && JSON.stringify(read(typed)) === JSON.stringify(value);
  const text = isTyped ? typed : textOf(value);
  if (schema['x-condition'] === true && help.condition !== undefined) {
    const isWrong = help.faultAt(pointer) !== undefined;
    return <ConditionField id={id} value={text} change={change} complete={help.condition} isWrong={isWrong} />;
  }
  const offered = [
    // An artifact comes out of a result: all that may be named is offered at once.
    ...help.complete(text === '' && kind === 'artifact' ? '${' : text),
    ...help.datasets.filter((each) => each.party === party && !each.removed).map(({ reference }) => reference),
  ];
  return (
    <AutoComplete
      id={id}
      className="wide"
      value={text}
      placeholder={placeholder}
      options={offered.filter((each) => each.startsWith(text)).map((each) => ({ value: each, label: shownText(each) }))}
      onChange={(next: string) => {
        type(next);
        change(read(next));
      }}
      {...{ onFocus, onBlur }}
      {...{ 'aria-invalid': help.faultAt(pointer) !== undefined }}
    />
  );
}
