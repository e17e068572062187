// Running other programs for tools/run.mjs, and saying what is done and how long it took.
import { spawn } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The project's folder. */
export const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));

/** Path of a tool that npm has installed. */
export const bin = (name) => join(ROOT, 'node_modules', '.bin', name);

/** How npm is run: the one that runs this, where npm does. */
export function npm(...args) {
  const path = process.env.npm_execpath;
  return path?.endsWith('.js') ? [process.execPath, [path, ...args]] : ['npm', args];
}

/** Something that the user has to mend: shown without a stack. */
export class Refusal extends Error {}

/** Runs a program; resolves to its exit code and, when `capture` is set, to what it wrote (`stderr` false: to stdout). */
export function run(command, args, { capture = false, stderr = true, env = {} } = {}) {
  return new Promise((resolve, reject) => {
    const stdio = capture ? ['ignore', 'pipe', 'pipe'] : ['ignore', 'inherit', 'inherit'];
    const child = spawn(command, args, {
      cwd: ROOT,
      env: { ...process.env, ...env },
      stdio,
      shell: process.platform === 'win32',
    });
    let output = '';
    let errors = '';
    child.stdout?.setEncoding('utf8').on('data', (chunk) => (output += chunk));
    child.stderr?.setEncoding('utf8').on('data', (chunk) => (stderr ? (output += chunk) : (errors += chunk)));
    child.once('error', reject);
    child.once('close', (code, signal) => resolve({ code: code ?? 1, signal, output, errors }));
  });
}

/** Does `work`, and says on one line what it was, how it ended and how long it took. Failures come back as false. */
export async function step(name, work) {
  const started = performance.now();
  const report = (word, more = '') => {
    const seconds = ((performance.now() - started) / 1000).toFixed(1).padStart(6);
    process.stdout.write(`${word.padEnd(6)} ${seconds} s  ${name}${more ? `\n${indent(more)}` : ''}\n`);
  };
  try {
    const note = await work();
    report('ok', typeof note === 'string' ? note : '');
    return true;
  } catch (error) {
    report('FAILED', error instanceof Refusal ? error.message : (error.stack ?? String(error)));
    return false;
  }
}

/** Runs a program within a step: its output is shown only when it fails. */
export async function quietly(command, args, options = {}) {
  const { code, signal, output, errors = '' } = await run(command, args, { ...options, capture: true });
  if (code !== 0) throw new Refusal(`${output.trim()}${errors.trim()}\n(${signal ?? `exit code ${code}`})`);
  return output;
}

function indent(text) {
  return text.replaceAll(/^/gm, '    ');
}
