import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { test } from 'node:test';
import { declareQueue, deleteQueue, publish, queue, until } from '../support/api.mjs';
import { row, textIs, visit } from '../support/browser.mjs';

/** The cell of a queue's row under a heading. */
async function cell(page, name, heading) {
  await row(page, name).waitFor();
  const heads = await page.locator('main thead th').allTextContents();
  const at = heads.findIndex((head) => head.replace(/[↑↓]/, '').trim() === heading);
  assert.ok(at >= 0, `no column ${heading}`);
  return row(page, name).locator('td').nth(at);
}

test('queues appear, fill and go without a reload', async () => {
  await declareQueue('live.first');
  await visit('/ui/queues?q=live.', {}, async (page) => {
    await row(page, 'live.first').waitFor();
    await page.getByRole('button', { name: /^Live/ }).waitFor();
    await declareQueue('live.second', { 'x-message-ttl': 3_600_000 });
    await row(page, 'live.second').waitFor();
    for (let i = 0; i < 7; i++) await publish('live.second', `job ${i}`);
    await textIs(await cell(page, 'live.second', 'Ready'), '7');
    await textIs(await cell(page, 'live.second', 'Total'), '7');
    assert.match(
      await row(page, 'live.second').getByRole('note').getAttribute('aria-label'),
      /messages expire after 1 h/,
    );
    await deleteQueue('live.second');
    await row(page, 'live.second').waitFor({ state: 'detached' });
  });
});

test('consumers and what they hold are counted live', async () => {
  await declareQueue('live.worked');
  for (let i = 0; i < 5; i++) await publish('live.worked', 'job');
  await visit('/ui/queues?q=live.worked', {}, async (page) => {
    await textIs(await cell(page, 'live.worked', 'Ready'), '5');
    const worker = spawn(
      '/usr/bin/python3',
      [
        '-c',
        `import pika, sys
connection = pika.BlockingConnection(pika.URLParameters(sys.argv[1]))
channel = connection.channel()
channel.basic_qos(prefetch_count=3)
channel.basic_consume('live.worked', lambda *delivery: None, consumer_tag='held <b>tag</b>')
channel.start_consuming()`,
        `amqp://guest:guest@127.0.0.1:${process.env.LEVERET_AMQP}/%2F`,
      ],
      { stdio: ['ignore', 'inherit', 'inherit'] },
    );
    try {
      await textIs(await cell(page, 'live.worked', 'Unacked'), '3');
      await textIs(await cell(page, 'live.worked', 'Ready'), '2');
      await textIs(await cell(page, 'live.worked', 'Consumers'), '1');
      await page.goto(page.url().replace(/\/ui\/.*/, '/ui/queue?vhost=%2F&name=live.worked&tab=consumers'));
      await page.getByRole('cell', { name: 'held <b>tag</b>' }).waitFor();
      await page.getByRole('link', { name: 'Connections' }).click();
      await page.getByRole('cell', { name: 'running' }).first().waitFor();
    } finally {
      worker.kill();
    }
    await until(async () => (await queue('live.worked')).messages_ready === 5, 'the messages come back');
  });
});

test('filter and order are in the address and survive a reload and going back', async () => {
  for (const [name, depth] of [
    ['sort.a', 1],
    ['sort.b', 3],
    ['sort.c', 2],
  ]) {
    await declareQueue(name);
    for (let i = 0; i < depth; i++) await publish(name, 'x');
  }
  const names = (page) => page.locator('main tbody .row-link').allTextContents();
  await visit('/ui/queues', {}, async (page) => {
    await row(page, 'sort.a').waitFor();
    await page.keyboard.press('/');
    await page.keyboard.type('SORT.');
    await until(async () => (await names(page)).join() === 'sort.a,sort.b,sort.c', 'the filter');
    await page.getByRole('button', { name: 'Ready' }).click();
    await until(async () => (await names(page)).join() === 'sort.b,sort.c,sort.a', 'the order');
    assert.equal(new URL(page.url()).search, '?q=SORT.&sort=-ready');
    await page.reload();
    await until(async () => (await names(page)).join() === 'sort.b,sort.c,sort.a', 'the order after a reload');
    await page.getByRole('link', { name: 'sort.c' }).click();
    await page.getByRole('heading', { level: 1, name: 'sort.c' }).waitFor();
    await page.goBack();
    await until(async () => (await names(page)).join() === 'sort.b,sort.c,sort.a', 'the order after going back');
    await page.getByRole('searchbox').fill('no such queue');
    await page.getByText(/^0 of \d+ queues match$/).waitFor();
    await page.getByRole('button', { name: 'Clear the filter' }).click();
    await row(page, 'sort.a').waitFor();
  });
});

test('a long list comes page by page from the server, which filters and sorts it', async () => {
  const all = Array.from({ length: 250 }, (_, i) => `many.${String(i).padStart(3, '0')}`);
  for (let i = 0; i < all.length; i += 25) await Promise.all(all.slice(i, i + 25).map((name) => declareQueue(name)));
  await publish('many.201', 'x');
  const names = (page) => page.locator('main tbody .row-link').allTextContents();
  const asked = [];
  await visit('/ui/queues?q=many.', {}, async (page) => {
    page.on('request', (request) => asked.push(request.url()));
    await page.getByText(/^250 of \d+ queues$/).waitFor();
    assert.equal((await names(page)).length, 100);
    await page.getByText('1 to 100 of 250').waitFor();
    await page.getByRole('button', { name: 'Next' }).click();
    await until(async () => (await names(page))[0] === 'many.100', 'the second page');
    await page.keyboard.press(']');
    await until(async () => (await names(page))[0] === 'many.200', 'the third page');
    assert.equal((await names(page)).length, 50);
    assert.equal(new URL(page.url()).search, '?q=many.&page=3');
    await page.reload();
    await until(async () => (await names(page))[0] === 'many.200', 'the page after a reload');
    await page.goBack();
    await until(async () => (await names(page))[0] === 'many.100', 'the page before');

    await page.getByRole('button', { name: 'Ready' }).click();
    await until(async () => (await names(page))[0] === 'many.201', 'the fullest first');
    assert.equal(new URL(page.url()).search, '?q=many.&sort=-ready');
    await page.getByLabel('Only with messages').check();
    await until(async () => (await names(page)).join() === 'many.201', 'only those with messages');
    await page.getByLabel('Only with messages').uncheck();

    await page.getByRole('searchbox').fill('^many\\.(00|24)[12]$');
    await page.getByText(/^0 of \d+ queues match$/).waitFor();
    await page.getByLabel('Pattern').check();
    await page.getByText(/^4 of \d+ queues$/).waitFor();
    await page.keyboard.press('Escape');
    await page.locator('main h1').click();
    await page.keyboard.press('j');
    await page.keyboard.press('j');
    const focused = await page.evaluate(() => document.activeElement?.textContent);
    assert.equal(focused, (await names(page))[1]);
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { level: 1, name: focused }).waitFor();
  });
  assert.ok(asked.some((url) => url.includes('/api/queues?')));
  assert.deepEqual(
    asked.filter((url) => url.includes('/api/queues') && !url.includes('page_size=100') && !url.includes('/many.')),
    [],
    'nothing asks for the whole list',
  );
  assert.ok(!asked.some((url) => /events.*queues/.test(url)), 'the stream does not bring the whole list either');
  await visit('/ui/queues?q=many.&page=9', { expected: /400/ }, async (page) => {
    await until(async () => (await names(page))[0] === 'many.000', 'a page that does not exist leads to the first');
  });
  await visit('/ui/queues?q=(&re=1', { expected: /400/ }, async (page) => {
    await page.getByText(/'name' is not a pattern/).waitFor();
  });
  for (let i = 0; i < all.length; i += 25) await Promise.all(all.slice(i, i + 25).map(deleteQueue));
});

test('without a stream the figures are asked for, and the stream is taken up again', async () => {
  await declareQueue('live.polled');
  await visit('/ui/queues?q=live.polled', { expected: /Failed to load resource/ }, async (page) => {
    await row(page, 'live.polled').waitFor();
    await page.route('**/api/x/events*', (route) => route.abort());
    await page.getByRole('button', { name: /^Live/ }).click();
    await page.getByRole('button', { name: /^Paused/ }).click();
    await page.getByRole('button', { name: /^Every 5 s/ }).waitFor();
    await publish('live.polled', 'x');
    await textIs(await cell(page, 'live.polled', 'Ready'), '1');
    await page.unroute('**/api/x/events*');
    await page.getByRole('button', { name: /^Live/ }).waitFor();
  });
});

test('a hidden tab holds no stream', async () => {
  await visit('/ui/queues', {}, async (page) => {
    await page.getByRole('button', { name: /^Live/ }).waitFor();
    const closed = page.waitForEvent('requestfailed', (request) => request.url().includes('/api/x/events'));
    const hide = (hidden) =>
      page.evaluate((value) => {
        Object.defineProperty(document, 'hidden', { value, configurable: true });
        document.dispatchEvent(new Event('visibilitychange'));
      }, hidden);
    await hide(true);
    await closed;
    const opened = page.waitForRequest((request) => request.url().includes('/api/x/events'));
    await hide(false);
    await opened;
    await page.getByRole('button', { name: /^Live/ }).waitFor();
  });
});
