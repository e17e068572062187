import { expect, test } from '@jest/globals';
import { readHostPort } from './host-port.js';

test.each([
  ['node.example:7444', { host: 'node.example', port: 7444 }],
  ['[::1]:65535', { host: '::1', port: 65_535 }],
  ['127.0.0.1:1', { host: '127.0.0.1', port: 1 }],
])('%s is a host and a port', (text, read) => expect(readHostPort(text)).toEqual(read));

test.each([
  '',
  'node.example',
  'node.example:0',
  'node.example:65536',
  '::1:7444',
  'a b:1',
  'https://a:1',
  'a:1/',
  'a:01',
])('%j is none', (text) => expect(readHostPort(text)).toBe(undefined));
