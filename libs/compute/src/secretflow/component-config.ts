import { columnName, columnNames, configSchema, namedTables, outputPath, perParty } from '../contract/config-schema.js';
import type { ConfigOf } from '../contract/config-type.js';
import { COMPONENTS } from './component-list.js';

const ids = COMPONENTS.map(({ id }) => id);

const schema = configSchema(
  'component',
  {
    component: { enum: ids, description: 'The component: `<domain>/<name>:<version>`.' },
    protocol: {
      enum: ['CHEETAH', 'SEMI2K'],
      default: 'CHEETAH',
      description:
        'How two parties compute on shares. With SEMI2K the first party by name makes the triples of both, and so could compute all that the other brings.',
    },
    input_data: perParty(
      namedTables,
      'What each party brings to the inputs of the component: {party: {input: table}}, or an artifact of an earlier component.',
    ),
    keys: perParty(columnNames, 'Columns of each party that go in as ids.'),
    features: perParty(columnNames, 'Columns of each party that go in as features.'),
    label: { ...columnName, description: 'The column that goes in as the label.' },
    label_party: { type: 'string', minLength: 1, maxLength: 64, description: 'The party that has the label.' },
    attrs: {
      type: 'object',
      description: 'Parameters by their paths in SecretFlow; columns of an input are a list at `input/<input>/<name>`.',
    },
    output_data: perParty(
      { type: 'object', minProperties: 1, maxProperties: 20, additionalProperties: outputPath } as const,
      'Where each party keeps the tables that come out: {party: {output: path}}; by default as artifacts.',
    ),
    not_reviewed: {
      const: true,
      description:
        'Has to stand where nobody has looked at what the component sends. The operator names such components, and approvals do not count: the policy of each dataset has to allow it.',
    },
  },
  ['component', 'input_data', 'attrs'],
);

/** The parameters of each component are those that SecretFlow says it has. */
export const componentSchema = {
  ...schema,
  allOf: COMPONENTS.map(({ id, attrs }) => ({
    if: { properties: { component: { const: id } }, required: ['component'] },
    then: { properties: { attrs } },
  })),
} as const;

/** `task_config` of `component`. */
export type ComponentConfig = ConfigOf<typeof schema>;
