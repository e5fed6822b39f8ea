/**
 * Builds the UI to dist/web: hashed files that are cached for good, each with a gzipped twin beside it,
 * so that the server compresses nothing. Nothing is inlined, as the page's policy allows no inline code.
 * `npx vite web` serves it while it is worked on, with the API of a server on the usual port.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { gzipSync } from 'node:zlib'
import react from '@vitejs/plugin-react'
import { defineConfig } from 'vite'
import type { Plugin } from 'vite'

const outDir = resolve(import.meta.dirname, '../dist/web')

function gzippedTwins(): Plugin {
  return {
    name: 'gzipped-twins',
    apply: 'build',
    closeBundle() {
      const assets = join(outDir, 'assets')
      for (const name of readdirSync(assets)) {
        if (!/\.(js|css)$/.test(name)) continue
        writeFileSync(join(assets, `${name}.gz`), gzipSync(readFileSync(join(assets, name))))
      }
    },
  }
}

export default defineConfig({
  root: import.meta.dirname,
  plugins: [react(), gzippedTwins()],
  server: { proxy: { '/api': 'http://127.0.0.1:8700' } },
  build: {
    outDir,
    emptyOutDir: true,
    target: 'baseline-widely-available',
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
  },
})
