import type { JsonObject } from '../contract/task-type.js';
import { isObject } from './headline.js';
import type { Section } from './section.js';
import { cellOf, listOf, shortened, textOf } from './tables.js';
import type { Words } from './words.js';

/** Whether a result lists files that were encrypted to recipients. */
export function isEncryption(result: JsonObject): boolean {
  return Array.isArray(result.recipients) && listOf(result.files).some((file) => isObject(file) && 'artifact' in file);
}

/** Encrypted files, recipients and ciphertexts. */
export function encryptionSection(taskId: string, result: JsonObject, words: Words): Section {
  const files = listOf(result.files)
    .filter(isObject)
    .map(({ party, name, artifact, plaintext_bytes: plain, bytes }) => [
      cellOf(party),
      cellOf(name),
      cellOf(plain),
      cellOf(bytes),
      cellOf(artifact),
    ]);
  const recipients = listOf(result.recipients).map((recipient) => [textOf(recipient)]);
  const columns = [words.party, words.file, words.plaintext_bytes, words.encrypted_bytes, words.artifact];
  return {
    taskId,
    kind: 'encryption',
    title: words.encryption,
    figures: [
      [words.format, cellOf(result.format)],
      [words.files, files.length],
    ],
    charts: [],
    tables: [
      shortened({ caption: words.files, columns, rows: files }, words),
      shortened({ caption: words.recipients, columns: [words.recipient], rows: recipients }, words),
    ],
  };
}
