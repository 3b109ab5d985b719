import { defineConfig } from 'vitest/config';

/** Where `npm run dev` finds a running broker. The build does not use it. */
const broker = process.env['LEVERET_HTTP'] ?? 'http://127.0.0.1:15672';

export default defineConfig({
  base: '/',
  esbuild: { jsx: 'automatic', jsxImportSource: 'preact' },
  plugins: [
    {
      name: 'script before first paint',
      // The chosen theme is known to the script: nothing is painted in the wrong one before it runs.
      transformIndexHtml: {
        order: 'post',
        handler: (html) => html.replace('<script type="module"', '$& blocking="render"'),
      },
    },
  ],
  build: {
    target: 'es2022',
    outDir: 'dist',
    assetsDir: 'assets',
    // Everything is a file of our own origin: the page's security policy allows nothing inline.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: true,
  },
  server: { host: '127.0.0.1', proxy: { '/api': broker } },
  test: { include: ['test/**/*.test.{ts,tsx}'] },
});
