import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import type { Finding } from '../contract/task-runner.js';
import { COMPONENTS_VERSION, SPU_VERSION } from './protocols.js';

const run = promisify(execFile);

const PROBE = `import platform, spu; print(platform.python_version(), spu.__version__)`;
/** Nothing of SecretFlow is loaded: that takes seconds. */
const COMPONENTS_PROBE = `from importlib.metadata import version; print(version('secretflow-lite'), version('spu'))`;
const PROBE_MS = 60_000;
const SORT = '/usr/bin/sort';
/** Versions of Python that there are builds of SPU for. */
const PYTHONS = /^3\.1[01]\./;

/** What SPU needs of this machine, and whether it is there. Never throws. */
export async function needsOfSpu(python: string | undefined): Promise<readonly Finding[]> {
  const make = 'run npm run engine:secretflow, and set SECRETFLOW_PYTHON as it says';
  const said = python === undefined ? undefined : await probe(python);
  const isRight = said !== undefined && PYTHONS.test(said.python) && said.spu === SPU_VERSION;
  const found = isRight ? `${said.spu} on Python ${said.python}` : null;
  const mend =
    said === undefined || isRight
      ? `${python ?? 'no Python'} with SPU ${SPU_VERSION}: ${make}`
      : `there is ${said.spu} on Python ${said.python}, and ${SPU_VERSION} on Python 3.10 or 3.11 is needed: ${make}`;
  return [
    { what: 'SPU', found, mend },
    {
      what: 'CPU',
      found: cpu(),
      mend: 'SPU is built for Linux on x86_64, and its FourQ takes AVX2: run these workers on such machines',
    },
    { what: 'sort', found: existsSync(SORT) ? SORT : null, mend: 'SPU sorts by it: install coreutils' },
  ];
}

async function probe(
  python: string,
  program = PROBE,
): Promise<{ readonly python: string; readonly spu: string } | undefined> {
  const env = { PATH: '/usr/bin:/bin', LANG: 'C.UTF-8' };
  const said = await run(python, ['-I', '-c', program], { env, timeout: PROBE_MS }).catch(() => undefined);
  const [version, spu] = said?.stdout.trim().split(' ') ?? [];
  return version === undefined || spu === undefined ? undefined : { python: version, spu };
}

/** What SecretFlow's components need beside. Never throws. */
export async function needsOfComponents(python: string): Promise<readonly Finding[]> {
  const { lite, spu } = COMPONENTS_VERSION;
  const said = await probe(python, COMPONENTS_PROBE);
  const found = said?.python === lite && said.spu === spu ? `${lite} with SPU ${spu}` : null;
  const make = 'run npm run engine:secretflow -- --components, and set SECRETFLOW_COMPONENTS_PYTHON as it says';
  return [{ what: "SecretFlow's components", found, mend: `${python} with secretflow-lite ${lite}: ${make}` }];
}

/** The instructions that SPU can use; null where it does not run. */
function cpu(): string | null {
  if (process.platform !== 'linux' || process.arch !== 'x64') return null;
  try {
    const [, flags = ''] = /^flags\s*:(.*)$/m.exec(readFileSync('/proc/cpuinfo', 'latin1')) ?? [];
    const found = ['avx', 'avx2', 'avx512ifma'].filter((name) => flags.split(' ').includes(name));
    return found.includes('avx2') ? `x86_64 with ${found.join(', ')}` : null;
  } catch {
    return null;
  }
}
