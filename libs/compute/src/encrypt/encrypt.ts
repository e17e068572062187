import { bech32 } from '@scure/base';
import { configSchema, inputPath, perParty, type NativeTaskType } from '../contract/config-schema.js';
import type { ParamFault } from '../contract/task-type.js';
import type { EncryptConfig } from './encrypt-config.js';

/** Files and results for somebody outside of the chain, who alone can read them. */
export const encrypt: NativeTaskType = {
  type: 'encrypt',
  title: 'Encryption to recipients',
  description:
    'Encrypts files of the parties, or the results of the tasks that it depends on, to the public keys of recipients, in the ' +
    'age format (age-encryption.org/v1). Each ciphertext is an artifact that everybody may have and only a recipient can read.',
  leaves: 'Ciphertext, and with it the name and the size of each file. No parameter takes a private key.',
  needsParties: true,
  configSchema: configSchema(
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
  ),
  check: (config) => recipientFaults(config as unknown as EncryptConfig),
  load: async () => (await import('./encrypt-run.js')).runEncrypt,
};

function recipientFaults({ recipients }: EncryptConfig): ParamFault[] {
  if (!Array.isArray(recipients)) return [];
  return (recipients as readonly string[]).flatMap((recipient, at) => {
    const message = recipient.includes('${') ? undefined : faultOf(recipient);
    return message === undefined ? [] : [{ pointer: `/recipients/${at}`, message }];
  });
}

/** What keeps a text from being a recipient, or undefined. Never says what the text is: it may be a secret. */
function faultOf(recipient: string): string | undefined {
  if (/^AGE-SECRET-KEY/i.test(recipient)) {
    return 'is a private key, which is for its owner alone: make a new pair, and give the public key (age1...)';
  }
  const decoded = bech32.decodeUnsafe(recipient, false);
  if (
    recipient.startsWith('age1') &&
    decoded?.prefix === 'age' &&
    bech32.fromWordsUnsafe(decoded.words)?.length === 32
  ) {
    return undefined;
  }
  return 'is no public key of age: it reads age1 and 58 letters and digits, and its checksum must fit (see age-keygen)';
}
