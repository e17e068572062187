import { configSchema, inputPath, perParty } from '../contract/config-schema.js';
import type { ConfigOf } from '../contract/config-type.js';

export const encryptSchema = configSchema(
  'encrypt',
  {
    recipients: {
      type: 'array',
      items: { type: 'string', minLength: 1, maxLength: 200 },
      minItems: 1,
      maxItems: 20,
      uniqueItems: true,
      description: 'Public keys (age1..., as age-keygen prints them). Each of their owners can read every file.',
    },
    input_data: perParty(
      { type: ['string', 'array'], minLength: 1, maxLength: 4096, items: inputPath, minItems: 1, maxItems: 100 },
      'The file of each party to encrypt, or several: tables, models, reports, whatever they hold.',
    ),
    results: {
      type: 'boolean',
      description:
        'Whether the results of the tasks that this one depends on are encrypted, as results.json; by default where there is ' +
        'no input_data.',
    },
    armor: {
      type: 'boolean',
      default: false,
      description: 'Writes text (PEM, a third longer) instead of bytes, for channels that carry text alone.',
    },
  },
  ['recipients'],
);

/** `task_config` of `encrypt`. */
export type EncryptConfig = ConfigOf<typeof encryptSchema>;
