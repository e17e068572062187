import reactHooks from 'eslint-plugin-react-hooks';
import tseslint from 'typescript-eslint';

const impure = [
  { selector: 'AwaitExpression', message: 'The pure core does not wait.' },
  { selector: 'Decorator', message: 'The pure core knows no framework.' },
  { selector: "NewExpression[callee.name='Date'][arguments.length=0]", message: 'Time is an argument.' },
  {
    selector: "CallExpression[callee.object.name='Date'][callee.property.name='now']",
    message: 'Time is an argument.',
  },
  {
    selector: "CallExpression[callee.object.name='Math'][callee.property.name='random']",
    message: 'Randomness is an argument.',
  },
];

/** A pattern that a user may write can be one that takes for ever. */
const madePattern = {
  selector: ":matches(NewExpression, CallExpression)[callee.name='RegExp']",
  message: 'Patterns are literals: none is made of what somebody sent.',
};

/** One lib speaks SQL, and nobody else reads entities: a manager without a tenant would be one that the policies alone hold back. */
const database = [
  {
    selector:
      ':matches(Literal[value=/^\\s*(SELECT|INSERT INTO|UPDATE|DELETE FROM|WITH)\\s/], TemplateElement[value.raw=/^\\s*(SELECT|INSERT INTO|UPDATE|DELETE FROM|WITH)\\s/])',
    message: 'SQL stands in libs/repositories.',
  },
  { selector: "MemberExpression[property.name='entities']", message: 'Inject a repository of libs/repositories.' },
  { selector: 'Literal[value=/(EntityManager|DataSource)$/]', message: 'Inject a repository of libs/repositories.' },
];

/**
 * Classes that hold a connection, timer, queue, cache or configuration: by suffix, then by name. Nest makes them, so only a
 * module's factory says `new`.
 */
const PROVIDED =
  '(Loop|Loops|Processor|Repository|Guard|Filter|Service|Channel|Reconciler|Health|Metrics|Queues)$' +
  '|^(DataSource|PooledDataSource|Pool|Database|Databases|Redis|Queue|Worker|BackendQueue|BackendWorker|Registry)$' +
  '|^(ChainEngine|ChainCache|Capacity|Dispatcher|RestoreDetection|Turns|WakeListener|StartChecks|SchemaCheck|JobRunner)$' +
  '|^(Heartbeat|NoteStore|Authentication|SignIn|OidcTokens|TenantDirectory|Catalogue|ChainReader|Controls|ChainWatch)$' +
  '|^(EventLog|OpenStreams|QueueBoard|Drain|SealingKeys|SecretKeys)$';
const madeByNest = {
  selector: `NewExpression[callee.name=/${PROVIDED}/]`,
  message: 'Nest makes this class: take it by the constructor, and build it in a module.',
};

/** Not `projectService`, which is for editors: it takes 128 s of CPU where two programs that are made once take 102 s. */
const PROJECTS = ['tsconfig.json', 'apps/console/tsconfig.json'];

export default tseslint.config(
  {
    ignores: [
      '**/dist/**',
      'clients/typescript/src/generated/**',
      'docs/.vitepress/cache/**',
      'node_modules/**',
      '.data*/**',
      '.cache/**',
      '**/*.cjs',
    ],
  },
  ...tseslint.configs.recommended,
  {
    files: ['**/*.{ts,tsx}'],
    languageOptions: { parserOptions: { project: PROJECTS, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      'no-restricted-properties': [
        'error',
        { object: 'process', property: 'env', message: 'Only libs/platform reads the environment.' },
      ],
      'max-lines': ['error', { max: 300, skipBlankLines: true, skipComments: true }],
    },
  },
  {
    files: ['**/*.spec.ts', '**/*-for-tests.ts', 'test/**/*.ts'],
    rules: { 'max-lines': ['error', 600], '@typescript-eslint/no-floating-promises': 'off' },
  },
  { files: ['apps/console/src/**/*.{ts,tsx}'], ...reactHooks.configs.flat['recommended-latest'] },
  { files: ['migrations/**'], rules: { 'max-lines': 'off' } },
  {
    files: [
      'libs/platform/**',
      'libs/local-postgres/**',
      'libs/testing/**',
      'launcher/**',
      'test/**',
      'bench/**',
      'tools/**',
    ],
    rules: { 'no-restricted-properties': 'off' },
  },
  {
    files: ['apps/**/*.{ts,tsx}', 'libs/**/*.ts'],
    ignores: ['**/*.spec.ts', '**/*-for-tests.ts', 'libs/testing/**'],
    rules: { 'no-restricted-syntax': ['error', madePattern] },
  },
  {
    files: ['apps/**/*.{ts,tsx}', 'libs/chain-engine/**/*.ts'],
    // A site has a store of its own, and no PostgreSQL.
    ignores: ['**/*.spec.ts', '**/*-for-tests.ts', 'apps/party-node/src/site-store.ts'],
    rules: { 'no-restricted-syntax': ['error', madePattern, ...database] },
  },
  {
    files: ['apps/{api,status-listener,compute-worker}/src/**/*.ts'],
    ignores: ['**/*.spec.ts', '**/*-for-tests.ts', '**/*.module.ts'],
    rules: { 'no-restricted-syntax': ['error', madePattern, ...database, madeByNest] },
  },
  {
    files: ['libs/{dag-planner,chain-domain,consent}/src/**/*.ts'],
    ignores: ['**/*.spec.ts'],
    rules: {
      'no-restricted-syntax': ['error', madePattern, ...impure],
      'no-restricted-globals': ['error', 'process', 'setTimeout', 'setInterval', 'fetch', 'performance'],
    },
  },
);
