import { Select } from 'antd';
import { useTranslation } from 'react-i18next';
import { shownText } from '../view/name.js';
import { AsJson } from './as-json.js';
import { isFields, type Fields } from './draft.js';
import { patched } from './edits.js';
import { MapFields } from './map-fields.js';
import { labelOf } from './rows.js';
import type { Help } from './help.js';
import { Labelled, SchemaFields } from './schema-form.js';
import { stepOf } from './schema.js';
import { useHeld } from './use-held.js';

const TYPES = ['string', 'number', 'integer', 'boolean', 'array', 'object'];
/** What a parameter takes in place of a plain value. */
const MARKS = ['x-secret', 'x-dataset', 'x-artifact'];
const whole = { type: 'integer' };
const number = { type: 'number' };
/** What may be asked of a value, by its type. */
const LIMITS: Readonly<Record<string, Readonly<Record<string, Fields>>>> = {
  string: { minLength: whole, maxLength: whole },
  number: { minimum: number, maximum: number, multipleOf: number },
  integer: { minimum: number, maximum: number, multipleOf: number },
  array: { minItems: whole, maxItems: whole },
  object: {},
  boolean: {},
};
/** Values of the form that are chosen among these. */
const CHOOSABLE: Readonly<Record<string, Fields>> = {
  string: { type: 'array', items: { type: 'string' } },
  number: { type: 'array', items: { type: 'number' } },
  integer: { type: 'array', items: { type: 'integer' } },
};
/** Parameters in parameters: what lies deeper is in the text. */
const DEEPEST = 3;

interface ParamsFieldsProps {
  /** A JSON Schema of an object: `params` of a chain, or a value in it that is an object. */
  readonly schema: unknown;
  readonly change: (schema: unknown) => void;
  readonly pointer: string;
  readonly faultAt: (pointer: string) => string | undefined;
  readonly faultWithin: (pointer: string) => string | undefined;
  /** The id of what names them. */
  readonly label: string;
  readonly depth?: number;
}

/** What a chain takes: parameters by name, each with its type, help, default and limits. */
export function ParamsFields({ schema, change, pointer, faultAt, faultWithin, label, depth = 0 }: ParamsFieldsProps) {
  const { t } = useTranslation();
  const own = isFields(schema) ? schema : {};
  const { properties: all, required } = own;
  const known = isFields(all) ? all : {};
  const names = Array.isArray(required) ? required.filter((each) => typeof each === 'string') : [];
  const put = (properties: Fields, needed: readonly string[]) => {
    const next = patched(depth === 0 ? { type: 'object', ...own } : own, {
      properties: Object.keys(properties).length > 0 ? properties : undefined,
      required: needed.length > 0 ? needed : undefined,
    });
    // What else is said of them stays without any.
    change(depth === 0 && Object.keys(next).join() === 'type' ? undefined : next);
  };
  return (
    <MapFields
      label={label}
      value={known}
      begins="param"
      addWords={t('designer.param.add')}
      first={() => ({ type: 'string' })}
      faultAt={(name) => faultAt(`${pointer}/properties/${stepOf(name)}`)}
      change={(next = {}) => {
        // One that was renamed is needed as before.
        const [gone] = Object.keys(known).filter((name) => !Object.hasOwn(next, name));
        const [come] = Object.keys(next).filter((name) => !Object.hasOwn(known, name));
        const renamed = names.map((name) => (name === gone && come !== undefined ? come : name));
        put(
          next,
          renamed.filter((name) => Object.hasOwn(next, name)),
        );
      }}
    >
      {(id, value, set, name) => (
        <Param
          {...{ id, faultAt, faultWithin, depth }}
          value={value}
          change={(next) => set(next === undefined ? {} : next)}
          pointer={`${pointer}/properties/${stepOf(name)}`}
          needed={names.includes(name)}
          need={(isNeeded) => put(known, isNeeded ? [...names, name] : names.filter((each) => each !== name))}
        />
      )}
    </MapFields>
  );
}

interface ParamProps extends Pick<ParamsFieldsProps, 'change' | 'pointer' | 'faultAt' | 'faultWithin'> {
  readonly id: string;
  readonly value: unknown;
  readonly depth: number;
  /** Whether it must be given; undefined of an item of a list. */
  readonly needed?: boolean;
  readonly need?: (isNeeded: boolean) => void;
}

/** One parameter, or the items of one that is a list. */
function Param({ id, value, change, pointer, faultAt, faultWithin, depth, needed, need }: ParamProps) {
  const { t } = useTranslation();
  const type = isFields(value) ? value['type'] : undefined;
  const [isFit, focus] = useHeld(isFields(value) && (type === undefined || TYPES.includes(type as string)));
  if (!isFit || !isFields(value))
    return (
      <>
        <AsJson {...{ id, value, change }} {...focus} />
        <p className="help">{t('designer.param.json')}</p>
      </>
    );
  const kind = String(type ?? '');
  const title = (name: string) => ({ title: t(`designer.param.${name}`) });
  const help: Help = { parties: [], datasets: [], params: undefined, complete: () => [], faultAt };
  const marks = MARKS.filter((mark) => value[mark] === true);
  const { default: _default, title: _title, description: _description, examples: _examples, ...shape } = value;
  const texts = {
    title: { type: 'string', ...title('title') },
    description: { type: 'string', ...title('description') },
  };
  const fields: Readonly<Record<string, Fields>> = {
    ...(need !== undefined && texts),
    ...(need !== undefined &&
      type !== undefined &&
      !marks.includes('x-secret') && { default: { ...shape, ...title('default') } }),
    ...(kind in CHOOSABLE && { enum: { ...CHOOSABLE[kind], ...title('enum') } }),
    ...Object.fromEntries(
      Object.entries(LIMITS[kind] ?? {}).map(([name, each]) => [name, { ...each, ...title(name) }]),
    ),
  };
  const whole = faultAt(`${pointer}/type`);
  return (
    <>
      <Select
        id={id}
        className="wide"
        aria-label={t('designer.param.type')}
        options={TYPES.map((each) => ({ value: each, label: t(`designer.param.types.${each}`) }))}
        placeholder={t('designer.param.any')}
        allowClear
        value={type as string | undefined}
        // What was asked of another type says nothing of this one.
        onChange={(next: string | undefined) =>
          change(
            patched(pick(value, ['title', 'description']), {
              type: next,
              ...(next === 'array' && { items: { type: 'string' } }),
            }),
          )
        }
      />
      {whole !== undefined && <p className="fault">{shownText(whole, 400)}</p>}
      {need !== undefined && (
        <SchemaFields
          schema={{ properties: { required: { type: 'boolean', default: false, ...title('required') } } }}
          value={{ required: needed ? true : undefined }}
          change={(next) => need(isFields(next) && next['required'] === true)}
          pointer={pointer}
          help={help}
        />
      )}
      <SchemaFields schema={{ properties: fields }} value={value} change={change} pointer={pointer} help={help} />
      {depth === 0 && need !== undefined && (
        <Labelled name={t('designer.param.takes')} schema={{ description: t('designer.param.takesHelp') }}>
          {(field) => (
            <Select
              id={field}
              className="wide"
              allowClear
              placeholder={t('designer.param.plain')}
              options={MARKS.map((mark) => ({ value: mark, label: t(`designer.param.marks.${mark}`) }))}
              value={marks[0]}
              onChange={(next: string | undefined) => {
                const none = Object.fromEntries(MARKS.map((mark) => [mark, undefined]));
                // A secret is never written.
                const gone = next === 'x-secret' ? { default: undefined } : {};
                change(patched(value, { ...none, ...(next !== undefined && { [next]: true }), ...gone }));
              }}
            />
          )}
        </Labelled>
      )}
      {kind === 'array' && depth < DEEPEST && (
        <Labelled name={t('designer.param.items')} fault={faultAt(`${pointer}/items`)}>
          {(items) => (
            <div className="arms">
              <div>
                <Param
                  {...{ faultAt, faultWithin }}
                  id={items}
                  value={value['items'] ?? {}}
                  depth={depth + 1}
                  change={(next) => change(patched(value, { items: next }))}
                  pointer={`${pointer}/items`}
                />
              </div>
            </div>
          )}
        </Labelled>
      )}
      {kind === 'object' && depth < DEEPEST && (
        <Labelled name={t('designer.param.properties')} fault={faultAt(`${pointer}/properties`)}>
          {(part) => (
            <ParamsFields
              {...{ faultAt, faultWithin }}
              schema={value}
              change={change}
              pointer={pointer}
              label={labelOf(part)}
              depth={depth + 1}
            />
          )}
        </Labelled>
      )}
    </>
  );
}

const pick = (of: Fields, names: readonly string[]): Fields =>
  Object.fromEntries(Object.entries(of).filter(([name]) => names.includes(name)));
