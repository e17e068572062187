import { expect, test } from '@jest/globals';
import Database from 'libsql';
import { failedOf } from './run-offer.js';

/** What SQLite throws where its file cannot grow. */
function full(): unknown {
  const db = new Database(':memory:');
  try {
    db.exec('CREATE TABLE rows (row TEXT)');
    db.pragma('max_page_count = 2');
    db.prepare('INSERT INTO rows VALUES (?)').run('x'.repeat(20_000));
    return undefined;
  } catch (error) {
    return error;
  } finally {
    db.close();
  }
}

test('a store that has no room left is a full disk, and is tried again', () => {
  expect(failedOf(full(), '/site')).toEqual({
    code: 'DISK_FULL',
    message: 'The site has no room on the disk (SQLITE_FULL). The task is tried again when there may be.',
    retryable: true,
  });
});

test('an unforeseen error says nothing of the folder, nor of what was in it', () => {
  expect(failedOf(new TypeError('/site/data/bank-a/secret.csv'), '/site')).toEqual({
    code: 'TASK_ERROR',
    message: 'The run ended with an unforeseen TypeError: see the log of the site.',
    retryable: true,
  });
});
