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
      'The file of each party to encrypt, or a list of files, of any kind.',
    ),
    results: {
      type: 'boolean',
      description:
        'Whether to encrypt the results of the tasks that this one depends on, as results.json; by default only without input_data.',
    },
    armor: {
      type: 'boolean',
      default: false,
      description: 'Writes text (PEM, a third longer) instead of bytes, for channels that carry only text.',
    },
  },
  ['recipients'],
);

/** `task_config` of `encrypt`. */
export type EncryptConfig = ConfigOf<typeof encryptSchema>;
