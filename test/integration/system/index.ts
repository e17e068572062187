export { ApiClient, SIGNED, taskOf, TEST_API_KEY } from './api-client.js';
export type { Answer, AttemptAnswer, ChainAnswer, ProblemAnswer, TaskAnswer } from './api-client.js';
export type { AppName, AppProcess } from './app-process.js';
export { chain, child, line, seedExample, task } from './chains.js';
export { liveEvents } from './server-sent-events.js';
export { OwnedParty, writeKeys } from './owned-party.js';
export { BACKENDS, describeOnBackends, describeSystem, SystemUnderTest } from './system-under-test.js';
export type { BackendKind, Check } from './system-under-test.js';
export { eventually } from './within.js';
