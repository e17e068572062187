import { AutoComplete } from 'antd';
import { useState } from 'react';
import { shownText } from '../view/name.js';

interface ConditionFieldProps {
  readonly id: string;
  readonly value: string;
  readonly change: (value: string | undefined) => void;
  readonly complete: (text: string) => readonly string[];
  readonly isWrong: boolean;
}
/** Of a long condition its end is offered, which is what is new. */
const END = 60;

/** A condition in CEL: what may come next is offered as it is typed, by arrow keys and Enter as by mouse. */
export function ConditionField({ id, value, change, complete, isWrong }: ConditionFieldProps) {
  // What could come next may be thousands of names: they are looked for where somebody types.
  const [isTyped, type] = useState(false);
  return (
    <AutoComplete
      id={id}
      className="wide code"
      value={value}
      defaultActiveFirstOption={false}
      onFocus={() => type(true)}
      onBlur={() => type(false)}
      options={(isTyped ? complete(value) : []).map((each) => ({
        value: each,
        label: shownText(each.length > END ? `…${each.slice(-END)}` : each),
      }))}
      onChange={(next: string) => change(next === '' ? undefined : next)}
      {...{ 'aria-invalid': isWrong }}
    />
  );
}
