/**
 * The UI's files: the page under every address that is not the API's, its assets, and nothing else of
 * the disk. Assets carry a hash of their content in their names and are cached for good; the page
 * itself never is, so a new build is seen at once.
 *
 * Invariant: the page runs only scripts and styles that this server built, and no text becomes markup:
 * its policy forbids inline code, other origins, frames, and strings where the platform wants markup.
 */
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import fastifyStatic from '@fastify/static'
import type { FastifyReply } from 'fastify'
import type { Api } from './api.ts'

const BUILT = fileURLToPath(new URL('../../dist/web/', import.meta.url))

const PAGE_HEADERS = {
  'content-security-policy': [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "connect-src 'self'",
    "img-src 'self' data:",
    "font-src 'self'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
    "form-action 'self'",
    "require-trusted-types-for 'script'",
  ].join('; '),
  'cross-origin-opener-policy': 'same-origin',
} as const

const FOR_GOOD = { maxAge: '365d', immutable: true, cacheControl: true } as const

export function webRoutes(api: Api): void {
  void api.register(fastifyStatic, {
    root: BUILT,
    serve: false,
    index: false,
    cacheControl: false,
    dotfiles: 'deny',
    preCompressed: true,
    suppressWarning: true,
  })
  const { maxAge, immutable, cacheControl } = FOR_GOOD
  const schema = { hide: true }

  api.get<{ Params: { file: string } }>(
    '/assets/:file',
    { config: { scope: 'door' }, schema },
    ({ params }, reply) =>
      reply.sendFile(`assets/${params.file}`, { maxAge, immutable, cacheControl }),
  )

  api.get('/favicon.svg', { config: { scope: 'door' }, schema }, (_, reply) =>
    reply.sendFile('favicon.svg'),
  )

  api.get<{ Params: { '*': string } }>(
    '/*',
    { config: { scope: 'door' }, schema },
    ({ params }, reply) =>
      /^(?:api|t)(?:\/|$)/.test(params['*']) ? reply.callNotFound() : sendPage(reply),
  )
}

function sendPage(reply: FastifyReply): FastifyReply {
  if (!existsSync(`${BUILT}index.html`)) {
    return reply.type('text/plain; charset=utf-8').send('The UI is not built: run npm run build.\n')
  }
  return reply.headers(PAGE_HEADERS).sendFile('index.html')
}
