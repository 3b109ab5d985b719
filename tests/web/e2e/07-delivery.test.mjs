import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { base } from '../support/api.mjs';

const policy = {
  'default-src': "'none'",
  'script-src': "'self'",
  'style-src': "'self'",
  'connect-src': "'self'",
  'base-uri': "'none'",
  'form-action': "'self'",
  'frame-ancestors': "'none'",
  'require-trusted-types-for': "'script'",
  'trusted-types': "'none'",
};

test('every page address gives the page, with its policy, never from a cache unasked', async () => {
  for (const address of ['/', '/ui/queues', '/ui/queue?vhost=%2F&name=x', '/ui/nonsense']) {
    const response = await fetch(base + address);
    assert.equal(response.status, 200, address);
    assert.match(response.headers.get('content-type'), /^text\/html/);
    assert.match(response.headers.get('cache-control'), /no-cache/);
    assert.equal(response.headers.get('x-content-type-options'), 'nosniff');
    const directives = Object.fromEntries(
      response.headers
        .get('content-security-policy')
        .split(';')
        .map((part) => {
          const [name, ...values] = part.trim().split(/\s+/);
          return [name, values.join(' ')];
        }),
    );
    for (const [name, value] of Object.entries(policy)) assert.equal(directives[name], value, name);
    const html = await response.text();
    assert.doesNotMatch(html, /<script(?![^>]*\bsrc=)|\bstyle=|<style|\son\w+=/i, 'nothing inline');
    const etag = response.headers.get('etag');
    assert.ok(etag);
    assert.equal((await fetch(base + address, { headers: { 'If-None-Match': etag } })).status, 304);
  }
});

test('assets are cached for ever and weigh little', async () => {
  const html = await (await fetch(base + '/')).text();
  const assets = [...html.matchAll(/(?:src|href)="(\/assets\/[^"]+)"/g)].map(([, address]) => address);
  assert.ok(assets.length >= 2);
  const weight = { js: 0, css: 0 };
  for (const address of assets) {
    const response = await fetch(base + address);
    assert.equal(response.status, 200, address);
    assert.match(response.headers.get('cache-control'), /immutable/);
    const kind = address.split('.').at(-1);
    if (kind in weight) weight[kind] += gzipSync(Buffer.from(await response.arrayBuffer())).length;
  }
  assert.ok(weight.js > 0 && weight.js <= 45 * 1024, `JavaScript: ${weight.js} bytes`);
  assert.ok(weight.css > 0 && weight.css <= 12 * 1024, `CSS: ${weight.css} bytes`);
  assert.equal((await fetch(base + '/assets/none.js')).status, 404);
});

test('parts of the script that come later are cached for ever too', async () => {
  const html = await (await fetch(base + '/')).text();
  const script = await (await fetch(base + /src="(\/assets\/[^"]+\.js)"/.exec(html)[1])).text();
  const parts = new Set([...script.matchAll(/\b(admin|history)-[\w-]+\.js/g)].map(([name]) => name));
  assert.deepEqual([...parts].map((name) => name.split('-')[0]).sort(), ['admin', 'history']);
  for (const name of parts) {
    const response = await fetch(`${base}/assets/${name}`);
    assert.equal(response.status, 200, name);
    assert.match(response.headers.get('content-type'), /^text\/javascript/);
    assert.match(response.headers.get('cache-control'), /immutable/);
  }
});
