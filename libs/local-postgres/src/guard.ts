import { spawn, type ChildProcess } from 'node:child_process';
import type { Socket } from 'node:net';

/**
 * Waits until the process that writes to it is gone, however it went, then ends what that has started and removes its folders. Each
 * process gets its signal, and SIGKILL with its group 10 s later. A folder is removed more than once: what ends beside it may write on.
 */
const SCRIPT = `
trap '' HUP INT TERM
nl='
'
processes=$nl folders=$nl
while read -r word value; do
  case $word in
    started) processes=$processes$value$nl ;;
    ended) processes=\${processes%%"$nl$value$nl"*}$nl\${processes#*"$nl$value$nl"} ;;
    made) folders=$folders$value$nl ;;
    kept) folders=\${folders%%"$nl$value$nl"*}$nl\${folders#*"$nl$value$nl"} ;;
  esac
done
[ "$processes$folders" = "$nl$nl" ] && exit
exec 2>/dev/null
each() { printf %s "$processes" | while read -r signal pid; do [ -z "$pid" ] || "$1"; done; }
last() { kill -s KILL -- "-$pid" || kill -s KILL "$pid"; }
first() { if [ "$signal" = KILL ]; then last; else kill -s "$signal" "$pid"; fi; }
alive() { kill -0 "$pid" && echo "$pid"; }
each first
for second in 1 2 3 4 5 6 7 8 9 10; do [ -z "$(each alive)" ] || sleep 1; done
each last
[ "$folders" = "$nl" ] && exit
for second in 1 2 3 4 5 6 7 8; do
  printf %s "$folders" | while IFS= read -r folder; do [ -z "$folder" ] || rm -rf -- "$folder"; done
  sleep 1
done
`;

let guard: ChildProcess | undefined;
let held = 0;

/** Windows has no shell for it: there, what a process that was killed has started may stay. */
function hold(line?: string): void {
  held += 1;
  if (guard === undefined && process.platform !== 'win32') {
    // A new session: a signal to this process's group does not reach it.
    guard = spawn('/bin/sh', ['-c', SCRIPT], { cwd: '/', detached: true, stdio: ['pipe', 'ignore', 'ignore'] });
    guard.on('error', () => undefined);
    guard.stdin!.on('error', () => undefined);
    guard.unref();
    (guard.stdin as Socket).unref();
  }
  if (line !== undefined) tell(line);
}

function letGo(line?: string): void {
  if (line !== undefined) tell(line);
  held -= 1;
  if (held > 0) return;
  guard?.stdin?.end();
  guard = undefined;
}

const tell = (line: string): void => void guard?.stdin?.write(`${line}\n`);

/**
 * Starts a process that ends with this one, even if this one is killed: by `signal`, and by SIGKILL if it still runs 10 s later. If it
 * leads a process group (`detached`), SIGKILL ends the group.
 */
export function guarded<Child extends ChildProcess>(start: () => Child, signal: 'INT' | 'TERM' | 'KILL'): Child {
  // The guard comes first, so that no moment is left in which it would not know of the process.
  hold();
  try {
    const child = start();
    if (child.pid === undefined) return child;
    const name = `${signal} ${child.pid}`;
    hold(`started ${name}`);
    child.once('exit', () => letGo(`ended ${name}`));
    return child;
  } finally {
    letGo();
  }
}

/** Removes a folder once this process is gone, even if it is killed. Call what it returns where the folder is removed or to be kept. */
export function guardFolder(folder: string): () => void {
  hold(`made ${folder}`);
  return () => letGo(`kept ${folder}`);
}
