import { spawn } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { guarded } from '#libs/local-postgres';
import type { Config } from '#libs/platform';
import type { Api } from '../running-system.js';
import { ROOT, type Block } from './blocks.js';

/** What a page's commands came to. */
export interface PageRun {
  /** What each block wrote, by its line in the page. */
  readonly outputs: ReadonlyMap<number, string>;
  /** `<status> <method> <url>` of every request. */
  readonly requests: readonly string[];
}

/** What a page may run; anything else is not found, so that it has to be marked. */
const TOOLS = 'awk bash cat cp cut date grep head jq ls mkdir mv sed seq sleep sort tail tr uniq wc'.split(' ');

/** An id as a page shows it; it stands for the last of its kind that the page has made. */
const ID = /(chain|key|webhook)-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g;

/**
 * Notes each request with its answer's status, and the id of what it made. A stream of all chains has no
 * end, so that it is cut off.
 */
const CURL = `#!/usr/bin/env bash
set -u
case "$*" in *api/v1/events*event-stream*|*event-stream*api/v1/events*) limit=2 ;; *) limit=90 ;; esac
words=$(mktemp) answer=$(mktemp)
"$REAL_CURL" --max-time $limit -w '%{stderr}@@ %{http_code} %{method} %{url}\\n' "$@" 2>"$words" | tee "$answer"
code=\${PIPESTATUS[0]}
sed -n 's/^@@ //p' "$words" >>"$WORK/requests"
grep -v '^@@ ' "$words" >&2
if grep -q '^@@ 201 POST ' "$words"; then
  for kind in chain key webhook; do jq -e -r ".\${kind}_id" "$answer" >"$WORK/id" && cp "$WORK/id" "$WORK/$kind"; done
fi
rm -f "$words" "$answer"
[ "$code" = 28 ] && [ "$limit" = 2 ] && exit 0
exit "$code"
`;
/** The scripts of the project are not run, but they have to be there, and so do the examples that a demo names. */
const NPM = `#!/usr/bin/env bash
case "$1" in
  run) name=$2 ;;
  ci|install|test|start) name=$1 ;;
  *) echo "npm $*: this page's test knows no such command" >&2; exit 1 ;;
esac
case "$name" in ci|install) exit 0 ;; esac
jq -e --arg name "$name" '.scripts[$name]' "$ROOT/package.json" >/dev/null || { echo "npm run $name: no such script" >&2; exit 1; }
while [ $# -gt 0 ]; do
  if [ "$1" = --chain ]; then
    [ -e "$ROOT/examples/$2/chain.json" ] || [ -e "$ROOT/examples/$2.json" ] || { echo "no example is called $2" >&2; exit 1; }
  fi
  shift
done
`;
const NODE = `#!/usr/bin/env bash
for word in "$@"; do
  case "$word" in -*) ;; *) [ -e "$ROOT/$word" ] || { echo "node $word: no such file" >&2; exit 1; }; exit 0 ;; esac
done
`;

/** The command line of the project, as it is built. */
const TASK_CHAIN = `#!/usr/bin/env bash
[ "$(basename "$0")" = npx ] && shift
exec "$REAL_NODE" "$ROOT/apps/cli/bin/task-chain.mjs" "$@"
`;

/** Runs the commands of one page in order, in one shell, against the running system. Rejects with what a command wrote. */
export async function runPage(blocks: readonly Block[], system: { api: Api; config: Config }): Promise<PageRun> {
  const work = mkdtempSync(join(tmpdir(), 'tc-page-'));
  try {
    const bin = join(work, '.bin');
    mkdirSync(bin);
    for (const tool of [...TOOLS, 'basename', 'tee', 'mktemp', 'rm', 'env'])
      symlinkSync(await pathOf(tool), join(bin, tool));
    for (const [name, script] of Object.entries({
      curl: CURL,
      npm: NPM,
      node: NODE,
      'task-chain': TASK_CHAIN,
      npx: TASK_CHAIN,
    })) {
      writeFileSync(join(bin, name), script);
      chmodSync(join(bin, name), 0o755);
    }
    symlinkSync(system.config.dataDir, join(work, '.data'));
    symlinkSync(join(ROOT, 'examples'), join(work, 'examples'));
    writeFileSync(join(work, 'requests'), '');
    writeFileSync(join(work, 'script'), scriptOf(blocks, system.api));
    const real = { REAL_CURL: await pathOf('curl'), REAL_NODE: process.execPath };
    const env = { PATH: bin, WORK: work, ROOT, ...real, HOME: work, LANG: 'C.UTF-8' };
    const { code, output } = await run(join(bin, 'bash'), [join(work, 'script')], { cwd: work, env });
    if (code !== 0) {
      const at = read(join(work, 'now')).trim();
      throw new Error(`${at} (exit code ${code}): ${output}${read(join(work, `out.${at.split(':').at(-1)}`))}`);
    }
    return {
      outputs: new Map(blocks.map(({ line }) => [line, read(join(work, `out.${line}`))])),
      requests: read(join(work, 'requests')).split('\n').filter(Boolean),
    };
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** Names that every page may use are set; each block's output goes to its own file. */
function scriptOf(blocks: readonly Block[], { url, key }: Api): string {
  const known = [
    'set -euo pipefail',
    `API=${url}`,
    `AUTH='Authorization: Bearer ${key}'`,
    `J='Content-Type: application/json'`,
    `export TASK_CHAIN_URL=${new URL(url).origin} TASK_CHAIN_TOKEN_FILE="$WORK/.data/api-key"`,
  ];
  const parts = blocks.map(({ page, line, language, file, code }) => {
    if (file && language !== 'sh') return `cat > '${file}' <<'END_OF_FILE'\n${code}END_OF_FILE`;
    const live = code.replaceAll('http://127.0.0.1:3000', new URL(url).origin).replaceAll(ID, '$(cat "$WORK/$1")');
    return `echo '${page}:${line}' > "$WORK/now"\n{\n${live}} > "$WORK/out.${line}" 2>&1`;
  });
  return [...known, ...parts].join('\n');
}

async function pathOf(tool: string): Promise<string> {
  const { code, output } = await run('which', [tool], {});
  if (code !== 0) throw new Error(`${tool} is not installed`);
  return output.trim();
}

function run(command: string, args: string[], options: { cwd?: string; env?: NodeJS.ProcessEnv }) {
  return new Promise<{ code: number | null; output: string }>((resolve, reject) => {
    const start = () => spawn(command, args, { ...options, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
    const child = guarded(start, 'KILL');
    let output = '';
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (text) => (output += text));
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, output }));
  });
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
