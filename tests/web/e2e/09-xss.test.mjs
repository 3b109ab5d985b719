import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { after, test } from 'node:test';
import { createInterface } from 'node:readline';
import { attacks, countHits } from '../support/attacks.mjs';
import { base, call, deadline, kill, publish, until } from '../support/api.mjs';
import { deadPage, visit } from '../support/browser.mjs';

// Every text of the corpus as the name of everything that has one, and as all that a client says about itself.

const encoded = encodeURIComponent;
/** A call that the broker may refuse, as with a name that it does not take; whether it did not. */
const attempt = (...args) =>
  call(...args).then(
    () => true,
    (error) => {
      if (/: 4\d\d /.test(error.message)) return false;
      throw error;
    },
  );
/** Those of the corpus that `use` takes; most have to. */
async function taken(what, use) {
  const list = [];
  for (const attack of attacks) if (await use(attack)) list.push(attack);
  assert.ok(list.length >= 90, `only ${list.length} of ${attacks.length} can be ${what}`);
  return list;
}

const queues = await taken('queues', (name) => attempt('PUT', `/api/queues/%2F/${encoded(name)}`, { durable: true }));
const exchanges = await taken('exchanges', (name) =>
  attempt('PUT', `/api/exchanges/%2F/${encoded(name)}`, { type: 'headers', durable: true }),
);
await taken('bindings', (name) =>
  attempt('POST', `/api/bindings/%2F/e/${encoded(exchanges[0])}/q/${encoded(queues[0])}`, {
    routing_key: name,
    arguments: { [name]: name },
  }),
);
const vhosts = await taken('virtual hosts', (name) =>
  attempt('PUT', `/api/vhosts/${encoded(name)}`, { description: name, tags: [name] }),
);
after(async () => {
  for (const name of vhosts) await call('DELETE', `/api/vhosts/${encoded(name)}`);
});
const users = await taken('users', (name) =>
  attempt('PUT', `/api/users/${encoded(name)}`, { password_hash: '', tags: [name] }),
);
for (const name of users) {
  await call('PUT', `/api/permissions/%2F/${encoded(name)}`, { configure: '\\Q' + name, write: '.*', read: '' });
  await call('PUT', `/api/topic-permissions/%2F/${encoded(name)}`, { exchange: name, write: '.*', read: '.*' });
  await call('POST', '/api/x/tokens', { user: name, description: name });
}
const policies = await taken('policies', (name) =>
  attempt('PUT', `/api/policies/%2F/${encoded(name)}`, {
    pattern: '^none$|\\Q' + name,
    definition: { 'dead-letter-exchange': name },
  }),
);
await taken('operator policies', (name) =>
  attempt('PUT', `/api/operator-policies/%2F/${encoded(name)}`, { pattern: '^none$', definition: { expires: 1e9 } }),
);

// One dead letter for each, with the text in its body, headers and properties, and in the name of where it died.
await call('PUT', '/api/queues/%2F/xss.dead', { durable: true });
for (const [n, attack] of attacks.entries()) {
  const from = queues[n % queues.length];
  await attempt('PUT', `/api/queues/%2F/${encoded('xss.' + from)}`, {
    durable: true,
    arguments: { 'x-dead-letter-exchange': '', 'x-dead-letter-routing-key': 'xss.dead' },
  });
  await kill('xss.' + from, [
    {
      payload: n % 2 ? attack : JSON.stringify({ [attack]: [attack] }),
      headers: { 'x-error': attack, [attack]: { [attack]: [attack] } },
      properties: { content_type: attack, message_id: attack, app_id: attack, type: attack, reply_to: attack },
    },
  ]);
}
for (const name of queues) await publish(name, name, { properties: { content_type: 'text/html' } });

const clients = spawn(
  '/usr/bin/python3',
  [
    '-c',
    `import json, pika, sys
texts = json.load(sys.stdin)
connections = []
for text in texts:
    parameters = pika.URLParameters(sys.argv[1])
    parameters.client_properties = {"connection_name": text, "product": text, "version": text, text: text}
    connection = pika.BlockingConnection(parameters)
    connections.append(connection)
    channel = connection.channel()
    channel.basic_qos(prefetch_count=1)
    channel.basic_consume('xss.consumed', lambda *delivery: None, consumer_tag=text)
print('ready', flush=True)
while True:
    for connection in connections:
        connection.process_data_events(0.05)`,
    `amqp://guest:guest@127.0.0.1:${process.env.LEVERET_AMQP}/%2F`,
  ],
  { stdio: ['pipe', 'pipe', 'inherit'] },
);
after(() => clients.kill());
await call('PUT', '/api/queues/%2F/xss.consumed', { durable: true });
clients.stdin.end(JSON.stringify(attacks));
await new Promise((resolve, reject) => {
  createInterface({ input: clients.stdout }).on('line', resolve);
  clients.on('exit', (code) => reject(new Error(`the clients ended (${code})`)));
});

/** Nothing of a text has become an element, a handler or a link that runs something. */
async function assertPlain(page, hits, address) {
  const found = await page.evaluate(() => ({
    markup: document.querySelectorAll(
      ':is(main, dialog) :is(img, image, script, iframe, object, embed, style, base, link, meta, math, video, audio, ' +
        'frameset, marquee, template, animate, use, foreignObject, x, [onload], [srcdoc])',
    ).length,
    links: [...document.querySelectorAll('a, area')]
      .map((link) => link.protocol)
      .filter((protocol) => !['http:', 'https:'].includes(protocol)),
    handlers: [...document.querySelectorAll('*')]
      .flatMap((element) => [...element.attributes])
      .filter(({ name, value }) => /^on/i.test(name) || (name === 'style' && /hit\(|url\(/i.test(value))).length,
  }));
  assert.deepEqual({ ...found, hits }, { markup: 0, links: [], handlers: 0, hits: [] }, address);
}

/** Goes to an address within the page, and waits until what it asks for is there. */
async function open(page, address) {
  await page.evaluate((to) => {
    history.pushState(null, '', to);
    dispatchEvent(new PopStateEvent('popstate'));
  }, address);
  await page.waitForFunction(
    // Not the query: a page of a list that does not exist leads to the one before.
    (to) =>
      location.pathname === new URL(to, location.href).pathname &&
      document.querySelector('main h1') &&
      !document.querySelector('main .skeleton'),
    address,
    { timeout: deadline },
  );
}

const at = (path, query) => `${path}?${new URLSearchParams(query)}`;
/** What is shown of a text, wherever it stands: the call in it, which no mark for a character divides. */
const callIn = (text) => /hit\(\d+\)/.exec(text)[0];

async function tour(addresses, { expected = /400|404/, shows = null, also = null } = {}) {
  await visit('/ui/keys', { expected }, async (page) => {
    const hits = await countHits(page);
    for (const [address, text] of addresses) {
      await open(page, address);
      if (shows)
        await page
          .waitForFunction(
            ([selector, part]) =>
              [...document.querySelectorAll(selector)].some((element) => element.textContent.includes(part)),
            [shows, callIn(text)],
            { timeout: deadline },
          )
          .catch(() => assert.fail(`${address} does not show ${text}`));
      if (also) await also(page, text);
      await assertPlain(page, hits, address);
      assert.match(await page.title(), /· Leveret$/);
    }
  });
}

test('the policy that the browser is given allows nothing inline', async () => {
  const response = await fetch(base + '/ui/queues');
  const policy = response.headers.get('content-security-policy');
  const directives = Object.fromEntries(policy.split(';').map((each) => each.trim().split(/ (.*)/).slice(0, 2)));
  assert.equal(directives['default-src'], "'none'");
  assert.equal(directives['script-src'], "'self'");
  assert.equal(directives['style-src'], "'self'");
  assert.equal(directives['require-trusted-types-for'], "'script'");
  assert.doesNotMatch(policy, /unsafe-/);
});

test('lists show every text as text', async () => {
  const pages = (path) => [[path], [`${path}${path.includes('?') ? '&' : '?'}page=2`]];
  await tour([
    ['/ui/overview'],
    ...pages('/ui/queues'),
    ...pages('/ui/queues?sort=-ready&show=busy'),
    ...pages('/ui/exchanges'),
    ...pages('/ui/connections'),
    ...pages('/ui/users'),
    ...pages('/ui/vhosts'),
    ...pages('/ui/policies'),
    ...pages('/ui/policies?tab=operator'),
    ['/ui/tokens'],
    ['/ui/definitions'],
    ['/ui/settings'],
    ['/ui/dead-letters'],
    ['/ui/dead-letters?vhost=%2F&name=xss.dead&view=list'],
  ]);
});

test('pages of queues, their bindings, and what is asked before one is deleted', async () => {
  await tour(
    queues.map((name) => [at('/ui/queue', { vhost: '/', name }), name]),
    {
      shows: 'main h1',
      also: async (page, text) => {
        await page.getByRole('button', { name: 'Delete…' }).click();
        await page.locator('dialog code').waitFor();
        assert.ok((await page.locator('dialog').textContent()).includes(callIn(text)));
        await page.keyboard.press('Escape');
      },
    },
  );
  await tour([[at('/ui/queue', { vhost: '/', name: queues[0], tab: 'bindings' }), queues[0]]], { shows: 'main table' });
});

test('bodies, headers, properties, and the story of a dead letter', async () => {
  await tour(
    attacks.map((text, n) => [deadPage('xss.dead', `&sel=${n + 1}`), text]),
    { shows: '.panel' },
  );
  await tour(
    queues.map((name) => [at('/ui/queue', { vhost: '/', name, tab: 'messages', sel: 1 }), name]),
    { shows: '.panel' },
  );
});

test('consumer tags and what clients say about themselves', async () => {
  await tour([[at('/ui/queue', { vhost: '/', name: 'xss.consumed', tab: 'consumers' }), attacks[0]]], {
    shows: 'main table',
    also: async (page) => {
      await until(async () => (await page.locator('main tbody tr').count()) === attacks.length, 'all consumers');
    },
  });
  await tour([['/ui/connections', attacks[0]]], {
    shows: 'main table',
    also: async (page) => {
      await until(async () => (await page.locator('main tbody tr').count()) === attacks.length, 'all connections');
    },
  });
});

test('users with their tags, permissions, topic permissions and tokens', async () => {
  await tour(
    users.map((name) => [at('/ui/user', { name }), name]),
    { shows: 'main h1', also: (page) => page.getByRole('table', { name: 'Tokens' }).waitFor() },
  );
});

test('virtual hosts, and lists that are limited to one', async () => {
  await tour(
    vhosts.map((name) => [at('/ui/vhost', { name }), name]),
    { shows: 'main h1', also: (page) => page.getByRole('table', { name: 'Permissions' }).waitFor() },
  );
  await tour(vhosts.slice(0, 20).map((vhost) => [at('/ui/exchanges', { vhost })]));
});

test('policies in the list and in their form', async () => {
  await tour(
    policies.map((name) => [at('/ui/policies', { q: name }), name]),
    {
      shows: 'main tbody',
      also: async (page, text) => {
        const row = page.locator('main tbody tr', { hasText: callIn(text) });
        await row.first().getByRole('button').first().click();
        await page.locator('dialog textarea').waitFor();
        await page.keyboard.press('Escape');
      },
    },
  );
});

test('what the address says and what an error says of it', async () => {
  await tour(
    attacks.flatMap((text) => [
      [at('/ui/queue', { vhost: text, name: text })],
      [at('/ui/queue', { vhost: '/', name: 'no ' + text })],
      [at('/ui/user', { name: 'no ' + text })],
      [at('/ui/vhost', { name: 'no ' + text })],
      [at('/ui/queues', { q: text, re: 1, sort: text, show: text, page: text })],
      [at('/ui/settings', { q: text, show: text, sort: text })],
      [at('/ui/dead-letters', { vhost: '/', name: 'no' + text, reason: text, from: text, error: text, sel: text })],
      ['/ui/' + encoded(text)],
    ]),
    { expected: /40\d/ },
  );
});

test('an import tells of what is wrong, and of what it would do, as text', async () => {
  await visit('/ui/definitions', { expected: /400/ }, async (page) => {
    const hits = await countHits(page);
    const choose = (content) =>
      page
        .locator('input[type=file]')
        .setInputFiles({
          name: `${callIn(attacks[0])}.json`,
          mimeType: 'application/json',
          buffer: Buffer.from(content),
        });
    await choose(JSON.stringify({ queues: attacks.map((name) => ({ name, vhost: name, durable: 'no' })) }));
    await page.getByText(/nothing was imported/).waitFor();
    await assertPlain(page, hits, 'what is wrong');
    const changed = queues.map((name) => ({ name, vhost: '/', durable: false, auto_delete: false, arguments: {} }));
    const made = queues.map((name) => ({ ...changed[0], name: 'new ' + name, durable: true }));
    await choose(JSON.stringify({ queues: [...changed, ...made] }));
    await page.getByText(`${made.length} to add · 0 to change · 0 the same · ${changed.length} in conflict`).waitFor();
    await page.getByRole('table', { name: 'What would be done' }).waitFor();
    await assertPlain(page, hits, 'what would be done');
  });
});
