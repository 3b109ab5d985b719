// A real Chromium with a profile of its own, and pages that remember everything that went wrong in them.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';
import { authorization as guest, base, deadline } from './api.mjs';

// The packages are those of the dashboard itself.
const fromWeb = createRequire(new URL('../../../web/package.json', import.meta.url));
const { chromium } = fromWeb('playwright-core');
export const axeFile = fromWeb.resolve('axe-core/axe.min.js');

const profile = mkdtempSync(join(tmpdir(), 'leveret-web-'));
const browser = await chromium.launchPersistentContext(profile, {
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: [
    '--no-sandbox',
    '--disable-gpu',
    '--disable-quic',
    '--no-first-run',
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
  ],
  timezoneId: 'UTC',
  locale: 'en-GB',
});
browser.setDefaultTimeout(deadline);
after(async () => {
  await browser.close();
  rmSync(profile, { recursive: true, force: true });
});

/**
 * Opens `address` in a new page, logged in unless told otherwise, and hands it to `use`. Afterwards nothing may
 * have gone wrong in it: no console error but those that match `expected`, no exception, no blocked content, no
 * dialog box.
 */
export async function visit(
  address,
  { login = true, authorization = guest, theme = 'light', width = 1280, height = 800, expected = null } = {},
  use,
) {
  const page = await browser.newPage();
  const problems = [];
  page.on('console', (message) => {
    if (message.type() === 'error' && !expected?.test(message.text())) problems.push(`console: ${message.text()}`);
  });
  page.on('pageerror', (error) => problems.push(`exception: ${error.message}`));
  page.on('dialog', (dialog) => {
    problems.push(`dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  await page.exposeFunction('reportViolation', (text) => problems.push(`policy: ${text}`));
  await page.addInitScript(() => {
    addEventListener('securitypolicyviolation', (event) =>
      globalThis.reportViolation(`${event.violatedDirective} ${event.blockedURI} ${event.sample}`),
    );
  });
  if (login) {
    await page.addInitScript((value) => {
      if (!sessionStorage.getItem('visited')) sessionStorage.setItem('leveret.authorization', value);
      sessionStorage.setItem('visited', 'yes');
    }, authorization);
  }
  await page.setViewportSize({ width, height });
  await page.emulateMedia({ colorScheme: theme, reducedMotion: 'reduce' });
  try {
    await page.goto(base + address);
    await use(page);
    assert.deepEqual(problems, []);
  } catch (error) {
    if (process.env.SCREENSHOTS)
      await page.screenshot({ path: join(process.env.SCREENSHOTS, `failed-${Date.now()}.png`) });
    if (problems.length) error.message += `\nin the page: ${problems.join('\n')}`;
    throw error;
  } finally {
    await page.close();
  }
}

/** The row of a table whose text contains `text`. */
export const row = (page, text) => page.locator('main tbody tr', { hasText: text });

/** Waits until the text of a locator satisfies `condition`. */
export async function textIs(locator, condition, what) {
  const matches = typeof condition === 'function' ? condition : (text) => text === condition;
  const end = Date.now() + deadline;
  let text = '';
  for (;;) {
    text = (await locator.textContent())?.trim() ?? '';
    if (matches(text)) return text;
    if (Date.now() > end)
      assert.fail(
        `${what ?? 'text'}: "${text}" is not ${typeof condition === 'function' ? 'as expected' : `"${condition}"`}`,
      );
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

export const queuePage = (name, rest = '') => `/ui/queue?vhost=%2F&name=${encodeURIComponent(name)}${rest}`;
export const deadPage = (name, rest = '') => `/ui/dead-letters?vhost=%2F&name=${encodeURIComponent(name)}${rest}`;
