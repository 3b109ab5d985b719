import assert from 'node:assert/strict';
import { test } from 'node:test';
import { declarePair, kill, publish } from '../support/api.mjs';
import { deadPage, queuePage, visit } from '../support/browser.mjs';

// Every value here tries to become markup, a script, a link, or to fake what is read.
const attacks = [
  '<img src=x onerror="document.title=\'hit\'">',
  '"><script>document.title="hit"</script>',
  "'><svg onload=document.title='hit'>",
  'javascript:document.title="hit"',
  '</title></style></textarea><iframe srcdoc="<script>top.document.title=1</script>">',
  '{{constructor.constructor("document.title=1")()}}',
  '${document.title="hit"}',
  'invoice\u202Egpj.exe\u202C \u200B\u0000',
];

const name = '<img src=x onerror=alert(1)>&quot;\u202Etxt';
const dead = `${name}.dead`;

test('nothing of a name, header, property or body is ever interpreted', async () => {
  await declarePair(name, dead);
  await kill(
    name,
    attacks.map((attack) => ({
      payload: attack,
      headers: { 'x-error': attack, [attack.slice(0, 100)]: { [attack.slice(0, 100)]: [attack] } },
      properties: {
        content_type: attack.slice(0, 200),
        message_id: attack.slice(0, 200),
        app_id: attack.slice(0, 200),
      },
    })),
  );
  for (const attack of attacks)
    await publish(name, JSON.stringify({ [attack]: attack }), { properties: { content_type: 'text/html' } });

  const addresses = [
    '/ui/queues',
    queuePage(name),
    queuePage(name, '&tab=messages&sel=9'),
    queuePage(name, '&tab=consumers'),
    queuePage(name, '&tab=bindings'),
    '/ui/dead-letters',
    ...attacks.map((_, i) => deadPage(dead, `&sel=${i + 1}`)),
    '/ui/exchanges',
    '/ui/connections',
    // The address is input too.
    `/ui/queues?q=${encodeURIComponent(attacks[0])}&sort=__proto__&show=${encodeURIComponent(attacks[1])}`,
    deadPage(
      dead,
      `&reason=${encodeURIComponent(attacks[0])}&from=${encodeURIComponent(attacks[1])}&error=${encodeURIComponent(attacks[2])}&sel=-1`,
    ),
    `/ui/${encodeURIComponent(attacks[0])}`,
    `/#/queues/%2F/${encodeURIComponent(attacks[0])}`,
  ];
  for (const address of addresses) {
    await visit(address, { expected: /404/ }, async (page) => {
      await page.locator('main h1').waitFor();
      if (/sel=\d/.test(address)) await page.locator('.panel .timeline').waitFor();
      await page.waitForLoadState('load');
      const found = await page.evaluate(() => ({
        markup: document.querySelectorAll(
          'main :is(img, script, iframe, object, embed, style, base, form, svg[onload])',
        ).length,
        links: [...document.links]
          .map((link) => link.protocol)
          .filter((protocol) => !['http:', 'https:'].includes(protocol)),
        handlers: [...document.querySelectorAll('*')]
          .flatMap((element) => [...element.attributes])
          .filter((attribute) => /^on/i.test(attribute.name)).length,
      }));
      assert.deepEqual(found, { markup: 0, links: [], handlers: 0 }, address);
      assert.match(await page.title(), /· Leveret$/);
      assert.ok(!(await page.title()).includes('\u202E'));
    });
  }
});

test('hidden characters are shown as marks', async () => {
  await visit(queuePage(name), {}, async (page) => {
    assert.equal(await page.locator('h1 .mark').textContent(), 'RLO');
  });
  await visit(deadPage(dead, `&sel=${attacks.length}`), {}, async (page) => {
    const body = page.getByRole('region', { name: 'Body as text' });
    await body.waitFor();
    assert.deepEqual(await body.locator('.mark').allTextContents(), ['RLO', 'PDF', 'ZWSP', 'NUL']);
  });
});
