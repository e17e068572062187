import { bech32 } from '@scure/base';
import type { Unresolved } from '../contract/config-type.js';
import { defineTask } from '../contract/define-task.js';
import type { ParamFault } from '../contract/task-type.js';
import { encryptSchema, type EncryptConfig } from './encrypt-config.js';

/** Files and results for somebody outside of the chain, who alone can read them. */
export const encrypt = defineTask({
  type: 'encrypt',
  title: 'Encryption to recipients',
  description:
    'Encrypts files of the parties, or the results of the tasks that it depends on, to the public keys of recipients, in the ' +
    'age format (age-encryption.org/v1). Each ciphertext is an artifact that anyone may download and only a recipient can read.',
  leaves: 'Ciphertext, and the name and size of each file. No parameter takes a private key.',
  needsParties: true,
  configSchema: encryptSchema,
  check: recipientFaults,
  load: async () => (await import('./encrypt-run.js')).runEncrypt,
});

function recipientFaults({ recipients }: Unresolved<EncryptConfig>): ParamFault[] {
  if (typeof recipients === 'string') return [];
  return recipients.flatMap((recipient, at) => {
    const message = recipient.includes('${') ? undefined : faultOf(recipient);
    return message === undefined ? [] : [{ pointer: `/recipients/${at}`, message }];
  });
}

/** Why a text is not a recipient, or undefined. Never quotes the text: it may be a secret. */
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
