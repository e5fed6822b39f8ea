/**
 * Text from outside stays text: every string of the public lists in every place that an outsider or a step
 * controls, shown in a real browser. The page's own policy counts too: not one report of a violation.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import type { Page } from 'playwright-core'
import type { EventDetailWire } from '../../src/inspector/wire.ts'
import type { TestApp } from '../support/app.ts'
import { openUi, withoutBrowser } from '../support/browser.ts'
import { startReceiver } from '../support/receiver.ts'
import { sharedData, sharedFiles, without } from '../support/shared-data.ts'

const strings = [
  ...sharedFiles('xss').flatMap((file) => sharedData(`xss/${file}`).split('\n')),
  ...(JSON.parse(sharedData('blns/blns.json') || '[]') as string[]),
].filter((text) => text.trim() !== '')

/** As many as a workflow takes as names of steps beside the two that run. */
const CHUNK = 97

/** What Node takes as the value of a header, and as a target of a request. */
const asHeader = (text: string): string => text.replaceAll(/[^\t\x20-\x7e\x80-\xff]/g, '').trim()
/** Names of steps hold no control characters and are no names that `steps` has already. */
const asName = (text: string): string =>
  `${text
    .replaceAll(/[\p{Cc}\p{Cs}\u2028\u2029]/gu, '')
    .slice(0, 58)
    .toWellFormed()} 🖉`.trim()
const asPath = (text: string): string => encodeURIComponent(text.toWellFormed()).slice(0, 400)

/** One workflow, event, run and delivery in which every text of the chunk stands in every place. */
async function fill(app: TestApp, url: string, chunk: readonly string[]): Promise<EventDetailWire> {
  const texts = chunk.map((text) => text.toWellFormed().replaceAll('\0', ''))
  const names = [...new Set(texts.map(asName))].filter((name) => !/^(?:|sends|throws)$/.test(name))
  const code = `
    for (const text of $event.body.texts) { console.log(text); console.error(text) }
    this.texts = $event.body.texts
    $event.added = $event.body.texts
    const names = Object.keys($event.headers).filter((name) => name.startsWith('x-text-'))
    const headers = Object.fromEntries(names.slice(0, 60).map((name) => [name, $event.headers[name]]))
    $send.http({ method: 'POST', url: ${JSON.stringify(url)}, headers, data: $event.body.texts.join('\\n') })`
  const throws = `throw Object.assign(new Error($event.body.texts.join('\\n')), { name: $event.body.texts[0] })`
  const workflow = await app.workflow([
    { type: 'code', name: 'sends', code },
    ...names.map((name, i) => ({ type: 'note', name, text: texts[i] })),
    { type: 'code', name: 'throws', code: throws },
  ])
  await app.api.call('PATCH', `/workflows/${workflow.id}`, { name: names[0] })
  const headers = Object.fromEntries(
    texts.map((text, i) => [`x-text-${i}`, asHeader(text).slice(0, 100)]),
  )
  const query = texts.slice(0, 20).map((text) => `${asPath(text).slice(0, 100)}=1`)
  const body = JSON.stringify({
    texts,
    keyed: Object.fromEntries(texts.map((text) => [text, text])),
  })
  const path = `/${asPath(texts[0]!)}?${query.join('&')}`
  const { status } = await app.send(workflow, path, { headers, body })
  assert.equal(status, 200)
  return app.settled(workflow)
}

/** Counts what may never happen: a dialog, a request to elsewhere, a report of the page's policy. */
async function watch(page: Page, base: string): Promise<string[]> {
  const found: string[] = []
  page.on('dialog', (dialog) => {
    found.push(`dialog: ${dialog.message()}`)
    void dialog.dismiss()
  })
  page.on('request', (request) => {
    const isElsewhere = !request.url().startsWith(base) && !request.url().includes('xss.invalid')
    if (isElsewhere) found.push(`request: ${request.url()}`)
  })
  await page.exposeFunction('told', (what: string) => void found.push(what))
  await page.addInitScript({
    content: `addEventListener('securitypolicyviolation', (event) =>
      told('policy: ' + event.violatedDirective + ' ' + event.blockedURI + ' ' + event.sample))`,
  })
  return found
}

/** Opens what is folded, so that all of it is drawn. */
async function unfold(page: Page): Promise<void> {
  for (let round = 0; round < 3; round++) {
    await page.evaluate(
      `document.querySelectorAll('.tree-branch[aria-expanded=false]').forEach((one) => one.click())`,
    )
  }
}

test(
  'hostile places: names, addresses, headers, logs, errors and answers run nothing, without one report of the policy [223]',
  { skip: withoutBrowser || without('xss/RSNAKE_XSS.txt') },
  async (t) => {
    const receiver = await startReceiver(({ body }) => ({
      status: 500,
      headers: {
        'content-type': 'text/html',
        'x-echo': body
          .toString()
          .split('\n')
          .map((text) => asHeader(text).slice(0, 100)),
      },
      body,
    }))
    t.after(() => receiver.close())
    const { app, page, open, expect } = await openUi(t)
    const found = await watch(page, app.url)
    await open('/')
    expect(/xss\.invalid/)
    await page.evaluate(`void (new Image().src = 'http://xss.invalid/')`)
    // The watch sees what it is there to see.
    while (!found.some((what) => what.startsWith('policy: img-src'))) await delay(20)
    found.length = 0
    for (let first = 0; first < strings.length; first += CHUNK) {
      const chunk = strings.slice(first, first + CHUNK)
      const event = await fill(app, receiver.url('/'), chunk)
      const [delivery] = event.deliveries
      const place = `/workflows/${event.workflowId}?event=${event.id}&delivery=${delivery!.id}`
      await open(`${place}&pane=response`)
      await page.getByRole('tab', { name: 'Response' }).waitFor()
      await unfold(page)
      await page.getByRole('tab', { name: 'Request' }).dispatchEvent('click')
      await page.getByRole('tab', { name: 'Attempts' }).dispatchEvent('click')
      const shown = await page.evaluate<string>('document.body.innerText')
      const wanted = chunk.find((text) => text.includes('alert('))
      if (wanted !== undefined) assert.ok(shown.includes(wanted.trim().slice(0, 20)), wanted)
    }
    for (const path of ['/', '/deliveries', '/overview']) {
      await open(path)
      await page.getByRole('main').waitFor()
      await page.waitForLoadState('networkidle')
    }
    assert.ok(strings.length > 900)
    assert.deepEqual(found, [])
  },
)
