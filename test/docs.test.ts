/**
 * The examples of docs/code-steps.md, run on the event that stands there. A block of `js` or `ts` is a
 * step; blocks with `step=` in one section are the steps of one workflow. A block of `json` behind it is
 * what it returns, one of `text` what the run says in Messages.
 */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { before, test } from 'node:test'
import { AppError } from '../src/errors.ts'
import type { EventDetailWire } from '../src/inspector/wire-event.ts'
import { startApp } from './support/app.ts'
import type { TestApp } from './support/app.ts'
import { startReceiver } from './support/receiver.ts'

const page = readFileSync(new URL('../docs/code-steps.md', import.meta.url), 'utf8')

type Example = {
  readonly section: string
  readonly steps: { readonly type: 'code'; readonly name: string; readonly code: string }[]
  returns?: unknown
  says?: string
}

const blocks = page.split(/^## /m).flatMap((part) => {
  const section = part.split('\n', 1)[0]!
  const found = part.matchAll(/^```(\w+) ?(.*)\n([^]*?)^```$/gm)
  return [...found].map(([, language, info, text]) => ({
    section,
    language: language!,
    info: info!,
    text: text!,
  }))
})
const marked = (info: string): unknown =>
  JSON.parse(blocks.find((block) => block.info === info)!.text)

function examplesOf(): Example[] {
  const examples: Example[] = []
  for (const { section, language, info, text } of blocks) {
    const last = examples.at(-1)
    const name = /^step=(\S+)$/.exec(info)?.[1]
    if (language === 'js' || language === 'ts') {
      const step = { type: 'code' as const, name: name ?? 'nodejs', code: text }
      const follows =
        name !== undefined && last?.section === section && last.steps[0]!.name !== 'nodejs'
      if (follows) last.steps.push(step)
      else examples.push({ section, steps: [step] })
    } else if (info === '' && last?.section === section) {
      if (language === 'json') last.returns = JSON.parse(text)
      if (language === 'text') last.says = text.trim()
    }
  }
  return examples
}

let app: TestApp
let receiverUrl: string
before(async (t) => {
  const context = t as unknown as Parameters<typeof startApp>[0]
  const receiver = await startReceiver()
  context.after(() => receiver.close())
  receiverUrl = receiver.origin
  app = await startApp(context)
  await app.api.call('PUT', '/env/API_TOKEN', { value: 'token-of-the-example' })
})

/** A dry run of the steps. The host of the examples is the receiver. */
async function dryRun(steps: readonly object[], settings: object = {}): Promise<EventDetailWire> {
  const text = JSON.stringify(steps).replaceAll('https://api.example.com', receiverUrl)
  const made = await app.workflow(JSON.parse(text) as object[], settings)
  return await app.api.call('POST', `/workflows/${made.id}/test`, { event: marked('event') })
}

for (const { section, steps, returns, says = null } of examplesOf()) {
  test(`docs: code steps: ${section}: ${steps[0]!.code.split('\n', 1)[0]}`, async (t) => {
    let run: EventDetailWire['run']
    try {
      ;({ run } = await dryRun(steps, { timeoutMs: 60_000 }))
    } catch (error) {
      if (!(error instanceof AppError) || !/npm registry does not answer/.test(error.message))
        throw error
      return t.skip('no npm registry')
    }
    assert.equal(run!.message, says)
    if (returns !== undefined) {
      assert.deepEqual(run!.steps.at(-1)!.exports['$return_value'], returns)
    }
  })
}

test('docs: code steps: the webhook Action as it stands there', async () => {
  const { run, deliveries } = await dryRun(marked('workflow') as object[])
  assert.equal(run!.message, null)
  const [{ request }] = deliveries as [EventDetailWire['deliveries'][0]]
  assert.deepEqual([request.method, request.url], ['POST', `${receiverUrl}/orders/7`])
  assert.equal(request.body, '{"cheap":[{"sku":"a","price":2}]}')
  assert.deepEqual(
    request.headers.find(([name]) => name === 'X-Count'),
    ['X-Count', '1'],
  )
})
