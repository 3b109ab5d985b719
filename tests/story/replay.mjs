// Replays all dead letters of a queue as a person would, in the dashboard: replay.mjs URL QUEUE COUNT
import { test } from 'node:test';

const [url, queue, count] = process.argv.slice(2);
process.env.LEVERET_HTTP = url;
const { deadPage, visit } = await import('../web/support/browser.mjs');

test(`replay ${count} messages of ${queue} in the dashboard`, async () => {
  await visit(deadPage(queue), {}, async (page) => {
    const messages = page.getByRole('table', { name: `Dead letters of ${queue}` });
    await messages.getByLabel('Select all shown messages').check();
    await page.getByText(`${count} selected`).waitFor();
    const replay = new RegExp(`^Replay ${count} `);
    await page.locator('main').getByRole('button', { name: replay }).click();
    await page.getByRole('dialog').getByRole('button', { name: replay }).click();
    await page.getByText(`Replayed ${count} messages to original queues`).waitFor();
  });
});
