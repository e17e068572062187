import { createRequire } from 'node:module';
import type Sodium from 'sodium-native';

/** By require: an import of a CommonJS package starts a parser of what it exports, 30 ms of CPU in each party's process. */
export const sodium = createRequire(import.meta.url)('sodium-native') as typeof Sodium;
