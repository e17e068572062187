// The rooms of the house and who may enter which: see ARCHITECTURE.md, "Where code lives".
const PURE = '^libs/(dag-planner|chain-domain|consent)/src/';
const TEST = '(\\.spec|-for-tests)\\.ts$|^test/|^libs/testing/|^bench/';
const error = (name, comment, from, to) => ({ name, comment, severity: 'error', from, to });
const COMPUTE = '^libs/compute/src/';
/** The folders of libs/compute from the ground up: no import runs back up. */
function computeLayers() {
  const SINGLE =
    'diagnostic|encrypt|federated|http|local|psi|report|script|secureboost|sql|ss-glm|ss-lr|ss-xgb|steps|substitution|train-test-split|validation|woe-binning';
  const layer = (names, below) =>
    error(
      `compute-${names.replaceAll('|', '-or-')}-imports-downwards`,
      'contract, party, mpc, table and dp, expression, rules, vertical, the families, catalogue: each imports only what stands before it.',
      { path: `${COMPUTE}(${names})/`, pathNot: `${TEST}|-for-tests\\.ts$` },
      { path: COMPUTE, pathNot: [`${COMPUTE}$1/`, `${COMPUTE}(${below})/`] },
    );
  const parts = 'contract|party|mpc|table|dp|expression|rules|vertical';
  return [
    layer('contract', 'contract'),
    layer('party', 'contract'),
    layer('mpc|table|dp', 'contract|party'),
    layer('expression', 'contract|party|table'),
    layer('rules', 'contract|party|table|expression'),
    layer('vertical', 'contract|party|mpc|table'),
    layer(SINGLE, parts),
    layer('statistics', `${parts}|federated`),
    layer('correlation', `${parts}|statistics`),
    layer('evaluation', `${parts}|federated|secureboost|ss-glm|ss-lr|ss-xgb`),
    layer('model-export', `${parts}|evaluation|federated|secureboost|ss-lr|ss-xgb|ss-pvalue`),
    layer('ss-pvalue', `${parts}|correlation|evaluation|ss-lr`),
    layer('scorecard', `${parts}|ss-pvalue`),
    layer('analysis', `${parts}|correlation|statistics`),
  ];
}
module.exports = {
  forbidden: [
    error(
      'no-circular',
      'Cycles make load order matter; what a generator makes has one of types alone.',
      { pathNot: '^clients/typescript/src/generated/' },
      { circular: true },
    ),
    error(
      'core-is-pure',
      'The core runs without Nest, a database or a clock.',
      { path: PURE, pathNot: TEST },
      {
        dependencyTypes: ['npm', 'npm-dev', 'npm-no-pkg', 'npm-unknown', 'core'],
      },
    ),
    error(
      'planner-imports-nothing',
      'Rank 0.',
      { path: '^libs/dag-planner/', pathNot: TEST },
      { path: '^(libs/(?!dag-planner/)|apps/)' },
    ),
    error(
      'domain-imports-planner-only',
      'Rank 1.',
      { path: '^libs/chain-domain/', pathNot: TEST },
      { path: '^(libs/(?!(dag-planner|chain-domain)/)|apps/)' },
    ),
    error(
      'chain-view-knows-pictures-only',
      'Rank 1.',
      { path: '^libs/chain-view/', pathNot: TEST },
      { path: '^(libs/(?!(dag-planner|chain-view)/)|apps/)' },
    ),
    error(
      'consent-stands-alone',
      'Rank 1: party nodes run it without the rest.',
      { path: '^libs/consent/', pathNot: TEST },
      { path: '^(libs/(?!consent/)|apps/)' },
    ),
    error(
      'tracing-stands-alone',
      'Rank 1.',
      { path: '^libs/tracing/', pathNot: TEST },
      { path: '^(libs/(?!tracing/)|apps/)' },
    ),
    error(
      'network-stands-alone',
      'Rank 1.',
      { path: '^libs/network/', pathNot: TEST },
      { path: '^(libs/(?!network/)|apps/)' },
    ),
    error(
      'postgres-stands-alone',
      'Rank 1.',
      { path: '^libs/postgres/', pathNot: TEST },
      { path: '^(libs/(?!postgres/)|apps/)' },
    ),
    error(
      'rank-2-libs-do-not-know-each-other',
      'Rank 2 imports rank 0 and 1 only.',
      { path: '^libs/(repositories|queues|compute|peers|platform|local-postgres)/', pathNot: TEST },
      {
        path: '^libs/',
        pathNot: '^libs/($1|chain-domain|consent|dag-planner|network|postgres|tracing)/',
      },
    ),
    ...computeLayers(),
    error('libs-never-import-apps', 'A lib serves every app.', { path: '^libs/' }, { path: '^(apps|launcher|bench)/' }),
    error(
      'clients-stand-alone',
      'They are published by themselves and know the API by its document alone.',
      { path: '^clients/', pathNot: TEST },
      { path: '^(apps|libs|launcher|bench|test)/' },
    ),
    error(
      'console-is-a-client',
      'It runs in browsers, and knows the API by its client alone.',
      { path: '^apps/console/src/' },
      { path: '^(libs|migrations|launcher|bench|test|tools)/|^clients/(?!typescript/src/index\\.ts$)' },
    ),
    error(
      'node-stays-out-of-the-console',
      'It runs in browsers.',
      { path: '^apps/console/src/' },
      { dependencyTypes: ['core'] },
    ),
    error(
      'pages-stay-in-the-console',
      'What draws pages is built with the console, and no app needs it.',
      { path: '^(apps/(?!console/)|libs|launcher|migrations|clients)/' },
      { path: 'node_modules/(react|react-dom|antd|@ant-design|@xyflow|@tanstack|i18next|react-i18next)/' },
    ),
    error(
      'apps-never-import-apps',
      'Apps talk through the queue and the database.',
      { path: '^apps/([^/]+)/' },
      { path: '^apps/', pathNot: '^apps/$1/' },
    ),
    error(
      'local-postgres-stays-out-of-apps',
      'Only the launcher and tests start a PostgreSQL server; apps get a DATABASE_URL.',
      { path: '^(apps|libs|migrations)/', pathNot: [TEST, '^libs/local-postgres/'] },
      { path: '^libs/local-postgres/' },
    ),
    error('testing-stays-in-tests', 'Test helpers never ship.', { pathNot: TEST }, { path: '^libs/testing/' }),
    error(
      'enter-a-lib-by-its-index',
      'A lib is what its index.ts says.',
      { path: '^(apps|libs|test|launcher|bench|migrations)/([^/]+)/' },
      {
        path: '^libs/[^/]+/src/',
        pathNot: ['^libs/$2/', '^libs/[^/]+/src/index\\.ts$'],
      },
    ),
    error(
      'no-file-imports-its-own-index',
      'This is how barrels become cycles.',
      { path: '^libs/([^/]+)/src/.+', pathNot: 'index\\.ts$' },
      { path: '^libs/$1/src/index\\.ts$' },
    ),
    error(
      'sql-stays-in-repositories',
      'One room speaks SQL for the chain tables.',
      { pathNot: '^(libs/(postgres|repositories|queues|testing|local-postgres)|migrations|test|bench|launcher)/' },
      { path: 'node_modules/(@nestjs/typeorm|typeorm|pg)/' },
    ),
    error(
      'bullmq-stays-in-queues',
      'One room knows the queue library.',
      { pathNot: '^(libs/queues|test|bench)/' },
      { path: 'node_modules/bullmq/' },
    ),
    error(
      'ioredis-stays-in-queues-and-celery',
      'Two rooms know Redis: that of the queue, and the engine that fleets of Celery workers are behind.',
      { pathNot: '^(libs/queues|libs/compute/src/celery|test|bench)/' },
      { path: 'node_modules/ioredis/' },
    ),
  ],
  options: {
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^dist/' },
  },
};
