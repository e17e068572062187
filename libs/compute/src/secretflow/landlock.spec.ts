import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from '@jest/globals';
import { itUnless } from '#libs/testing';
import { noLandlock } from './landlock-for-tests.js';
import { PROGRAM } from './spu-process.js';

/** As SPU in the party's program would: each in turn, with what became of it. */
const WRITES = `
import json, os, socket, sys
program, home, outside = sys.argv[1:]
exec(open(program).read().rpartition("main()")[0], globals())
inside = os.path.join(home, "inside")
write_only_below([home])

def link(make):
    make(os.path.join(outside, "kept"), os.path.join(home, "linked"))

def listen():
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(os.path.join(outside, "socket"))

def of_child():
    if os.fork() == 0:
        try:
            open(os.path.join(outside, "child"), "w")
        except OSError:
            os._exit(1)
        os._exit(0)
    if os.wait()[1] != 0:
        raise PermissionError

tries = {
    "makes a file": lambda: open(os.path.join(outside, "new"), "w"),
    "writes to a file": lambda: open(os.path.join(outside, "kept"), "a"),
    "empties a file": lambda: os.truncate(os.path.join(outside, "kept"), 0),
    "removes a file": lambda: os.remove(os.path.join(outside, "kept")),
    "makes a folder": lambda: os.mkdir(os.path.join(outside, "folder")),
    "removes a folder": lambda: os.rmdir(os.path.join(outside, "empty")),
    "moves a file in": lambda: os.rename(os.path.join(outside, "kept"), inside),
    "links a file": lambda: link(os.link),
    "makes a symbolic link": lambda: os.symlink("kept", os.path.join(outside, "symbolic")),
    "makes a socket": listen,
    "makes a pipe": lambda: os.mkfifo(os.path.join(outside, "pipe")),
    "in a process that it starts": of_child,
}
found = {}
for name, attempt in tries.items():
    try:
        attempt()
        found[name] = "done"
    except OSError as error:
        found[name] = "refused"
with open(inside, "w") as own:
    own.write("all there is")
open(os.devnull, "w").write("x")
print(json.dumps(found))
`;

itUnless(noLandlock('python3', 3), 'the program of a party changes nothing outside its folder', () => {
  const [home, outside] = [mkdtempSync(join(tmpdir(), 'home-')), mkdtempSync(join(tmpdir(), 'outside-'))] as const;
  try {
    const prepare = `import os, sys; os.mkdir(sys.argv[1] + "/empty"); open(sys.argv[1] + "/kept", "w").write("kept")`;
    execFileSync('python3', ['-I', '-c', prepare, outside]);
    const found = JSON.parse(
      execFileSync('python3', ['-I', '-c', WRITES, PROGRAM, home, outside], { encoding: 'utf8' }),
    ) as Record<string, string>;
    expect(Object.entries(found).filter(([, what]) => what !== 'refused')).toEqual([]);
    expect(Object.keys(found).length).toBe(12);
    expect(readdirSync(outside).sort()).toEqual(['empty', 'kept']);
    expect(readFileSync(join(outside, 'kept'), 'utf8')).toBe('kept');
    expect(statSync(join(home, 'inside')).size).toBe('all there is'.length);
  } finally {
    for (const folder of [home, outside]) rmSync(folder, { recursive: true });
  }
});
