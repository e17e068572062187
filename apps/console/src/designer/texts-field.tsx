import { Select } from 'antd';
import { shownChoice, shownText } from '../view/name.js';
import type { Fields } from './draft.js';
import type { Help } from './help.js';
import { datasetsIn } from './references.js';
import { textOf } from './schema.js';

interface TextsProps {
  readonly id: string;
  readonly schema: Fields;
  readonly value: unknown;
  readonly change: (value: unknown) => void;
  readonly help: Help;
  readonly party?: string | undefined;
  /** The default, as it is shown. */
  readonly placeholder: string;
}

/** Several texts; the columns of the party's datasets are offered. */
export function Texts({ id, schema, value, change, help, party, placeholder }: TextsProps) {
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
  return (
    <Select
      id={id}
      className="wide"
      mode="tags"
      tokenSeparators={[',']}
      placeholder={placeholder}
      options={known ?? ofColumns}
      labelRender={shownChoice}
      value={Array.isArray(value) ? value.map((each) => textOf(each)) : []}
      onChange={(next: string[]) => change(next.length === 0 ? undefined : next)}
    />
  );
}
