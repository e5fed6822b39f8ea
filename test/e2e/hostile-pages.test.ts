/**
 * What a page could be made to do by others: by a step that answers with a page of its own on the UI's
 * origin, by names that look like links, by an address that says where to go after signing in.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ADMIN_TOKEN } from '../support/app.ts'
import { openUi, reads, withoutBrowser } from '../support/browser.ts'

const skip = withoutBrowser

/** Tries what a page of this origin could do, and writes down how far it got. */
const PAGE = `<!doctype html><title>as sent</title><h1>Hello</h1>
  <script>document.title = 'ran'; fetch('/api/v1/tokens', { method: 'POST', body: '{}' })</script>
  <form action="/api/v1/tokens" method=post><button>Send</button></form>
  <img src=x onerror="document.title = 'ran'"><svg onload="document.title = 'ran'"></svg>`

test(
  "hostile page: a step's answer on the UI's origin runs nothing and knows no session [226]",
  { skip },
  async (t) => {
    const { app, page, open, expect } = await openUi(t)
    // The browser says what it did not run, load and send.
    expect(/sandboxed|404 \(Not Found\)/)
    const headers = { 'content-type': 'text/html', 'set-cookie': 'sendoff=mine' }
    const code = `$respond(${JSON.stringify({ status: 200, headers, body: PAGE })})`
    const workflow = await app.workflow([{ type: 'code', code }], { response: 'custom' })
    const before = await page.context().cookies()
    const asked: string[] = []
    // The page that was open asks on, now and then, until it is left.
    await page.goto('about:blank')
    page.on('request', (request) => asked.push(new URL(request.url()).pathname))
    const { pathname } = new URL(workflow.endpoint)
    await open(pathname)
    await reads(page.getByRole('heading'), 'Hello')
    await page.getByRole('button', { name: 'Send' }).click()
    assert.equal(await page.title(), 'as sent')
    assert.deepEqual(
      asked.filter((path) => path.startsWith('/api')),
      [],
    )
    assert.deepEqual(await page.context().cookies(), before)
    // A page that frames it, or asks it for data, is of another origin to it.
    const origin = await page.evaluate('self.origin')
    assert.equal(origin, 'null')
  },
)

test(
  'hostile page: names that look like links are text, and every link leads to a page of ours [227]',
  { skip },
  async (t) => {
    const { app, page, open } = await openUi(t)
    const link = '[click](javascript:alert(1))'
    const markup = '<a href="javascript:alert(1)" target=_blank>x</a> https://evil.example/'
    const workflow = await app.workflow([
      { type: 'code', name: link, code: `console.log(${JSON.stringify(markup)})` },
      { type: 'note', name: 'note', text: markup },
      { type: 'webhook', url: 'https://127.0.0.1:1/javascript:alert(1)' },
    ])
    await app.api.call('PATCH', `/workflows/${workflow.id}`, { name: markup })
    await app.send(workflow, '/javascript:alert(1)', { body: JSON.stringify(markup) })
    const { id } = await app.settled(workflow)
    const at = `/workflows/${workflow.id}`
    const shown = { '/': markup, [`${at}?event=${id}`]: link, '/deliveries': '127.0.0.1:1' }
    for (const [path, text] of Object.entries(shown)) {
      await open(path)
      await reads(page.getByRole('main'), text)
      const links = await page.evaluate<string[][]>(
        `[...document.links].map(({ origin, target, rel }) => [origin, target, rel])`,
      )
      assert.notEqual(links.length, 0)
      for (const [origin, target, rel] of links) {
        assert.equal(origin, app.url, path)
        assert.ok(target === '' || /noopener/.test(rel!), `${path} ${target}`)
      }
    }
  },
)

const ELSEWHERE = ['//evil.example/', '/..//evil.example/', 'javascript:alert(1)//']

test(
  'hostile page: after signing in, only paths of this site are gone to [231]',
  { skip },
  async (t) => {
    const { app, page, open, expect } = await openUi(t, { signedIn: false })
    expect(/401 \(Unauthorized\)/)
    const elsewhere: string[] = []
    page.on('request', (request) => {
      if (!request.url().startsWith(`${app.url}/`)) elsewhere.push(request.url())
    })
    page.on('dialog', (dialog) => {
      elsewhere.push(dialog.message())
      void dialog.dismiss()
    })
    for (const next of ELSEWHERE) {
      await page.context().clearCookies()
      await open(`/signin?next=${encodeURIComponent(next)}`)
      await page.locator('input[name=token]').fill(ADMIN_TOKEN)
      await page.getByRole('button', { name: 'Sign in' }).click()
      await page.waitForURL((url) => url.pathname !== '/signin')
      assert.equal(new URL(page.url()).origin, app.url, next)
    }
    assert.deepEqual(elsewhere, [])
  },
)
