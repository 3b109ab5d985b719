// Runs the dashboard's end-to-end tests against a real broker that it starts for them:
//   node tests/web/run.mjs [path of leveretd] [words of test files to run]
// The path may also come from LEVERETD. CHROMIUM names the browser, SCREENSHOTS a directory to leave pictures in.
// With LEVERET_HTTP (and LEVERET_AMQP, a port) the tests use a broker that runs already.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const here = fileURLToPath(new URL('.', import.meta.url));
const startDeadline = 30_000;

function fail(text) {
  console.error(`tests/web: ${text}`);
  process.exit(2);
}

/** Starts the broker on free ports with a data directory of its own. */
async function startBroker(binary) {
  const data = mkdtempSync(join(tmpdir(), 'leveretd-web-'));
  const broker = spawn(binary, ['--data-dir', data, '--amqp-port', '0', '--http-port', '0'], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, LEVERET_METRICS_PORT: 'none' },
  });
  const stop = async () => {
    if (broker.exitCode === null && broker.signalCode === null) {
      const ended = once(broker, 'exit');
      broker.kill('SIGTERM');
      await ended;
    }
    rmSync(data, { recursive: true, force: true });
  };
  const ports = new Promise((found, lost) => {
    const timer = setTimeout(
      () => lost(new Error(`${binary} was not ready within ${startDeadline / 1000} s`)),
      startDeadline,
    );
    createInterface({ input: broker.stdout }).on('line', (line) => {
      const amqp = /\bamqp=(?:\S*:)?(\d+)/.exec(line);
      const http = /\bhttp=(?:\S*:)?(\d+)/.exec(line);
      if (!amqp || !http) return;
      clearTimeout(timer);
      found({ amqp: amqp[1], http: http[1] });
    });
    broker.on('error', (error) => lost(error));
    broker.on('exit', (code, signal) => {
      clearTimeout(timer);
      lost(new Error(`${binary} ended before it was ready (${signal ?? code})`));
    });
  });
  try {
    return { ...(await ports), stop, hasEnded: () => broker.exitCode ?? broker.signalCode };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** The test file that runs at present. */
let child = null;

async function runFile(file, environment) {
  child = spawn(process.execPath, ['--test', '--test-reporter=spec', file], { stdio: 'inherit', env: environment });
  const [code] = await once(child, 'exit');
  return code === 0;
}

const words = process.argv.slice(2);
const outside = process.env.LEVERET_HTTP;
const binary = outside
  ? null
  : resolve(process.env.LEVERETD ?? words.shift() ?? fail('give the path of leveretd, as an argument or in LEVERETD'));
if (binary && !existsSync(binary)) fail(`there is no ${binary}; build it first`);
if (!existsSync(join(here, '../../web/node_modules/playwright-core'))) fail('run `npm ci` in web/ first');
const browser = process.env.CHROMIUM ?? '/usr/bin/chromium';
if (!existsSync(browser)) fail(`there is no ${browser}; install chromium or set CHROMIUM`);
if (process.env.SCREENSHOTS) mkdirSync(process.env.SCREENSHOTS, { recursive: true });

const files = readdirSync(join(here, 'e2e'))
  .filter((name) => name.endsWith('.test.mjs') && (words.length === 0 || words.some((word) => name.includes(word))))
  .sort();
if (files.length === 0) fail(`no test file matches ${words.join(' ')}`);

let broker = null;
try {
  broker = binary ? await startBroker(binary) : null;
} catch (error) {
  fail(error.message);
}
for (const signal of ['SIGINT', 'SIGTERM']) {
  process.on(signal, () => {
    child?.kill();
    void Promise.resolve(broker?.stop()).then(() => process.exit(1));
  });
}
const environment = {
  ...process.env,
  ...(broker ? { LEVERET_HTTP: `http://127.0.0.1:${broker.http}`, LEVERET_AMQP: broker.amqp } : {}),
};
const failed = [];
try {
  for (const [i, name] of files.entries()) {
    console.log(`\n[${i + 1}/${files.length}] ${name}`);
    if (!(await runFile(join(here, 'e2e', name), environment))) failed.push(name);
    const ended = broker?.hasEnded() ?? null;
    if (ended !== null) {
      console.error(`tests/web: the broker ended during ${name} (${ended})`);
      if (!failed.includes(name)) failed.push(name);
      break;
    }
  }
} finally {
  await broker?.stop();
}
console.log(failed.length ? `\nfailed: ${failed.join(', ')}` : `\nall ${files.length} files passed`);
process.exitCode = failed.length ? 1 : 0;
