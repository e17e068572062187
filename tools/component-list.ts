import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { format, resolveConfig } from 'prettier';
import { quietly, ROOT } from './steps.js';

/** SecretFlow's components, as libs/compute knows them. */
const LIST = join(ROOT, 'libs/compute/src/secretflow/component-list.json');

const PROBE =
  'import sys; from google.protobuf.json_format import MessageToJson; from secretflow.component.core import get_comp_list_def; ' +
  'sys.stdout.write("\\n" + MessageToJson(get_comp_list_def(), indent=None))';

type Value = Readonly<{
  i64?: string;
  f?: number;
  s?: string;
  b?: boolean;
  i64s?: string[];
  fs?: number[];
  ss?: string[];
  bs?: boolean[];
}>;

interface Attribute {
  readonly name: string;
  readonly prefixes?: readonly string[];
  readonly type?: string;
  readonly union?: { readonly defaultSelection?: string };
  readonly atomic?: Readonly<{
    isOptional?: boolean;
    defaultValue?: Value;
    allowedValues?: Value;
    lowerBoundEnabled?: boolean;
    lowerBound?: Value;
    lowerBoundInclusive?: boolean;
    upperBoundEnabled?: boolean;
    upperBound?: Value;
    upperBoundInclusive?: boolean;
    listMinLengthInclusive?: string;
    listMaxLengthInclusive?: string;
  }>;
}

interface Port {
  readonly name: string;
  readonly types: readonly string[];
  readonly isOptional?: boolean;
  readonly attrs?: readonly Readonly<{ name: string; colMinCntInclusive?: string; colMaxCntInclusive?: string }>[];
}

interface Component {
  readonly domain: string;
  readonly name: string;
  readonly version: string;
  readonly attrs?: readonly Attribute[];
  readonly inputs?: readonly Port[];
  readonly outputs?: readonly Port[];
}

type Schema = Readonly<Record<string, unknown>>;

/** What SecretFlow says of its components, made into schemas of the names, kinds and bounds of what they take. Its texts stay with it. */
export async function componentList(python: string): Promise<string> {
  const said = await quietly(python, ['-I', '-c', PROBE], { stderr: false });
  const { comps } = JSON.parse(said.trim().split('\n').at(-1)!) as { comps: readonly Component[] };
  const list = comps.map(listed).sort((one, other) => (one.id < other.id ? -1 : 1));
  return format(JSON.stringify(list), { ...(await resolveConfig(LIST)), parser: 'json' });
}

/** The list that is committed. */
export const committedList = (): string => readFileSync(LIST, 'utf8');

export async function writeComponentList(python: string): Promise<void> {
  writeFileSync(LIST, await componentList(python));
}

function listed({ domain, name, version, attrs = [], inputs = [], outputs = [] }: Component) {
  const columns = inputs.flatMap(({ name: port, attrs: lists = [] }) =>
    lists.map((list) => [`input/${port}/${list.name}`, columnsOf(list)] as const),
  );
  const values = attrs.flatMap((each) => {
    const schema = schemaOf(each, attrs);
    return schema === undefined ? [] : [[pathOf(each), schema] as const];
  });
  const required = [
    ...attrs.filter(isRequired).map(pathOf),
    ...columns.filter(([, { minItems }]) => minItems !== 0).map(([path]) => path),
  ];
  return {
    id: `${domain}/${name}:${version}`,
    inputs: inputs.map(({ name: port, types, isOptional }) => ({ port, types, ...(isOptional && { optional: true }) })),
    outputs: outputs.map(({ name: port, types }) => ({ port, types })),
    attrs: {
      type: 'object',
      additionalProperties: false,
      ...(required.length > 0 && { required }),
      properties: Object.fromEntries([...values, ...columns]),
    },
  };
}

const pathOf = ({ prefixes = [], name }: Pick<Attribute, 'prefixes' | 'name'>): string => [...prefixes, name].join('/');

/** What lies below a choice is required where it is chosen alone, and SecretFlow says so itself. */
const isRequired = ({ prefixes = [], atomic }: Attribute): boolean =>
  prefixes.length === 0 &&
  atomic !== undefined &&
  atomic.isOptional !== true &&
  Number(atomic.listMinLengthInclusive ?? 1) > 0 &&
  (atomic.listMaxLengthInclusive === undefined || atomic.listMinLengthInclusive !== undefined);

function columnsOf({ colMinCntInclusive: least = '0', colMaxCntInclusive: most }: NonNullable<Port['attrs']>[number]) {
  const items = { type: 'string', minLength: 1, maxLength: 1024 };
  return { type: 'array', items, uniqueItems: true, minItems: Number(least), maxItems: Number(most ?? 10_000) };
}

const ITEMS: Readonly<Record<string, Schema>> = {
  FLOAT: { type: 'number' },
  INT: { type: 'integer' },
  BOOL: { type: 'boolean' },
  STRING: { type: 'string', maxLength: 1024 },
  PARTY: { type: 'string', maxLength: 64 },
  // A message of SecretFlow's in its JSON.
  CUSTOM_PROTOBUF: { type: 'string', maxLength: 65_536 },
};

/** Undefined for a name that stands for a choice or a group, and has no value. */
function schemaOf(attribute: Attribute, all: readonly Attribute[]): Schema | undefined {
  const { type = '', atomic = {}, union } = attribute;
  const kind = type.replace(/^AT_/, '');
  if (kind === 'UNION_GROUP') {
    const below = [...(attribute.prefixes ?? []), attribute.name].join('/');
    const choices = all.filter(({ prefixes = [] }) => prefixes.join('/') === below).map(({ name }) => name);
    return { enum: choices, ...(union?.defaultSelection && { default: union.defaultSelection }) };
  }
  const isList = kind === 'PARTY' || !Object.hasOwn(ITEMS, kind);
  const one = ITEMS[kind] ?? ITEMS[kind.replace(/S$/, '')];
  if (one === undefined) return undefined;
  const allowed = valuesOf(atomic.allowedValues);
  const item = { ...one, ...(kind !== 'PARTY' && boundsOf(one, atomic)), ...(allowed && { enum: allowed }) };
  if (!isList) {
    const value = atomic.defaultValue && valueOf(one, atomic.defaultValue);
    return { ...item, ...(value !== undefined && { default: value }) };
  }
  const least = Number(atomic.listMinLengthInclusive ?? 0);
  const most = Number(atomic.listMaxLengthInclusive ?? -1);
  return { type: 'array', items: item, minItems: Math.max(0, least), maxItems: most < 0 ? 1000 : most };
}

function boundsOf(one: Schema, { ...atomic }: NonNullable<Attribute['atomic']>): Schema {
  if (one['type'] !== 'number' && one['type'] !== 'integer') return {};
  const least = valueOf(one, atomic.lowerBound ?? {});
  const most = valueOf(one, atomic.upperBound ?? {});
  return {
    ...(atomic.lowerBoundEnabled && { [atomic.lowerBoundInclusive ? 'minimum' : 'exclusiveMinimum']: least }),
    ...(atomic.upperBoundEnabled && { [atomic.upperBoundInclusive ? 'maximum' : 'exclusiveMaximum']: most }),
  };
}

const valuesOf = (values: Value | undefined): readonly unknown[] | undefined =>
  values && (values.ss ?? values.i64s?.map(Number) ?? values.fs ?? values.bs);

/** A field of JSON leaves out what is nothing: 0, '', false. */
function valueOf({ type }: Schema, value: Value): unknown {
  if (type === 'integer') return Number(value.i64 ?? 0);
  if (type === 'number') return shortest(value.f ?? 0);
  return type === 'boolean' ? (value.b ?? false) : (value.s ?? '');
}

/** SecretFlow keeps numbers as 32 bits, of which JSON shows the double. */
const shortest = (value: number): number => Number(value.toPrecision(7));
