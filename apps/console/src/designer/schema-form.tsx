import { Select } from 'antd';
import { useId, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { shownText } from '../view/name.js';
import { AsJson } from './as-json.js';
import { isFields, memberOf, type Fields } from './draft.js';
import { patched } from './edits.js';
import { ListFields } from './list-fields.js';
import { ListOrReference } from './list-or-reference.js';
import { MapFields } from './map-fields.js';
import { Fault, labelOf } from './rows.js';
import { blankOf, fieldsOf, fits, kindOf, saysEmpty, stepOf, textOf, variantsOf } from './schema.js';
import { Texts } from './texts-field.js';
import { useHeld } from './use-held.js';
import { ValueField, type PartProps } from './value-field.js';

/** The fields of an object by its JSON Schema, with their help, defaults and faults. */
export function SchemaFields({ schema, value, change, pointer, help, party }: PartProps) {
  const { t } = useTranslation();
  const [isFit, focus] = useHeld(value === null || fits('fields', value));
  if (!isFit) {
    return (
      <Labelled name={t('designer.inner.json')} fault={help.faultAt(pointer)}>
        {(id) => <AsJson {...{ id, value, change }} {...focus} />}
      </Labelled>
    );
  }
  const fields = isFields(value) ? value : {};
  return fieldsOf(schema).map(({ name, schema: part, required }) => (
    <Labelled key={name} {...{ name, required }} schema={part} fault={help.faultAt(`${pointer}/${stepOf(name)}`)}>
      {(id) => (
        <Part
          id={id}
          schema={part}
          value={memberOf(fields, name)}
          required={required}
          change={(next) => change(patched(fields, { [name]: next }))}
          pointer={`${pointer}/${stepOf(name)}`}
          help={help}
          party={party}
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
      <label htmlFor={id} id={labelOf(id)}>
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
      <Fault text={fault} />
      {typeof description === 'string' && <p className="help">{shownText(description, 600)}</p>}
      {kindOf(schema) === 'artifact' && <p className="help">{t('designer.artifactHelp')}</p>}
    </div>
  );
}

interface OnePartProps extends PartProps {
  readonly id: string;
  /** Whether it must be given. */
  readonly required?: boolean;
}

/** The field of one value, by its schema. */
export function Part({ id, required = false, ...props }: OnePartProps) {
  const { schema, value, change, pointer, help, party } = props;
  const kind = kindOf(schema);
  const [isFit, focus] = useHeld(fits(kind, value));
  if (!isFit) return <AsJson {...{ id, value, change }} {...focus} />;
  const keepsEmpty = saysEmpty(schema, required);
  const orEmpty = (empty: unknown) => (next: unknown) => change(next ?? (keepsEmpty ? empty : undefined));
  const shown = textOf(schema['default']);
  switch (kind) {
    case 'fields':
      return (
        <fieldset id={id} aria-labelledby={labelOf(id)}>
          <SchemaFields {...props} />
        </fieldset>
      );
    case 'variants':
      return <Variants {...props} id={id} />;
    case 'list': {
      const items = schema['items'] as Fields;
      // A value takes the place of the whole default: what is not changed stays.
      const given: unknown = value ?? schema['default'];
      return (
        <ListOrReference {...{ id, value, change, help }}>
          <ListFields
            id={id}
            label={labelOf(id)}
            value={Array.isArray(given) ? given : []}
            change={orEmpty([])}
            first={() => blankOf(items)}
            faultAt={(index) => help.faultAt(`${pointer}/${index}`)}
          >
            {(own, each, set, index) => (
              <Part
                id={own}
                schema={items}
                value={each}
                change={(next) => set(next === undefined ? blankOf(items) : next)}
                pointer={`${pointer}/${index}`}
                help={help}
                party={party}
              />
            )}
          </ListFields>
        </ListOrReference>
      );
    }
    case 'map': {
      const values = schema['additionalProperties'] as Fields;
      return (
        <ListOrReference {...{ id, value, change, help }}>
          <MapFields
            id={id}
            label={labelOf(id)}
            // Of a column.
            longest={1_024}
            value={isFields(value) ? value : {}}
            change={orEmpty({})}
            first={() => blankOf(values)}
            faultAt={(name) => help.faultAt(`${pointer}/${stepOf(name)}`)}
          >
            {(own, each, set, name) => (
              <Part
                id={own}
                schema={values}
                value={each}
                change={(next) => set(next === undefined ? blankOf(values) : next)}
                pointer={`${pointer}/${stepOf(name)}`}
                help={help}
                party={party}
              />
            )}
          </MapFields>
        </ListOrReference>
      );
    }
    case 'parties':
      return <PerParty {...props} change={orEmpty({})} id={id} />;
    case 'choice': {
      const options = (schema['enum'] as unknown[]).map((each) => ({ value: textOf(each), label: textOf(each) }));
      return (
        <Select
          id={id}
          className="wide"
          allowClear
          placeholder={shown}
          options={options}
          value={value === undefined ? undefined : shownText(textOf(value))}
          onChange={(next: string | undefined) =>
            change((schema['enum'] as unknown[]).find((each) => textOf(each) === next))
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
          value={value === undefined ? undefined : textOf(value)}
          onChange={(next: string | undefined) => change(next === undefined ? undefined : next === 'true')}
        />
      );
    }
    case 'texts':
      return <Texts {...{ id, schema, value, change, help, party }} placeholder={shown} />;
    default:
      return <ValueField {...props} {...focus} id={id} placeholder={shown} />;
  }
}

/** An object of one of several kinds, such as a step: a choice, and the fields of what is chosen. */
function Variants({ id, schema, value, change, ...rest }: PartProps & { readonly id: string }) {
  const { t } = useTranslation();
  const { name, all } = variantsOf(schema);
  const fields = isFields(value) ? value : {};
  const chosen = all.find(({ is }) => is === memberOf(fields, name));
  return (
    <fieldset aria-labelledby={labelOf(id)}>
      <Select
        id={id}
        className="wide"
        aria-label={name}
        showSearch={{ optionFilterProp: 'label' }}
        placeholder={t('designer.variant')}
        options={all.map(({ is, schema: each }) => ({ value: is, label: `${String(each['title'] ?? is)} · ${is}` }))}
        value={chosen?.is}
        onChange={(next: string) => {
          // What both of them have stays.
          const { properties } = all.find(({ is }) => is === next)!.schema;
          const known = new Set(Object.keys(isFields(properties) ? properties : {}));
          change({ ...Object.fromEntries(Object.entries(fields).filter(([each]) => known.has(each))), [name]: next });
        }}
      />
      {chosen !== undefined && (
        <>
          {typeof chosen.schema['description'] === 'string' && (
            <p className="help">{shownText(chosen.schema['description'], 600)}</p>
          )}
          <SchemaFields {...rest} schema={chosen.schema} value={value} change={change} />
        </>
      )}
    </fieldset>
  );
}

/** A value for each party of the task, as rows. */
function PerParty({ id, schema, value: given, change, pointer, help }: PartProps & { readonly id: string }) {
  const { t } = useTranslation();
  const items = schema['additionalProperties'] as Fields;
  // A value takes the place of the whole default: what is not changed stays.
  const held = isFields(schema['default']) ? schema['default'] : {};
  const value = isFields(given) ? given : held;
  // What is emptied keeps its field.
  const parties = [...new Set([...help.parties, ...Object.keys(held), ...Object.keys(value)])];
  if (parties.length === 0) return <p id={id}>{t('designer.noParties')}</p>;
  return (
    <fieldset id={id} aria-labelledby={labelOf(id)}>
      {parties.map((party) => (
        <Labelled key={party} name={party} fault={help.faultAt(`${pointer}/${stepOf(party)}`)}>
          {(own) => (
            <Part
              id={own}
              schema={items}
              value={memberOf(value, party)}
              change={(next) => {
                const others = patched(value, { [party]: next });
                change(Object.keys(others).length === 0 ? undefined : others);
              }}
              pointer={`${pointer}/${stepOf(party)}`}
              help={help}
              party={party}
            />
          )}
        </Labelled>
      ))}
    </fieldset>
  );
}
