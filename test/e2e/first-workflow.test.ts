/** The first hour with Sendoff, as a person spends it: a workflow is made, tried, broken and mended. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Page } from 'playwright-core'
import type { WorkflowWire } from '../../src/inspector/wire-workflow.ts'
import { openUi, reads, withoutBrowser, writeCode } from '../support/browser.ts'
import { startReceiver } from '../support/receiver.ts'
import { startRegistry } from '../support/registry.ts'

const skip = withoutBrowser
const steps = (page: Page) => page.getByRole('list', { name: 'Steps' })
const rows = (page: Page) => page.getByRole('list', { name: 'Events' }).locator('a')

async function addStep(page: Page, where: string, kind: string): Promise<void> {
  await page.getByRole('button', { name: `Add a step ${where}` }).click()
  await page.getByRole('menuitem', { name: kind }).click()
}

test(
  'workflow: made by hand, it takes an event and its Dest goes from 0/3 to 3/3',
  { skip },
  async (t) => {
    const { page, app } = await openUi(t)
    const go = Promise.withResolvers<void>()
    const receiver = await startReceiver(async ({ url }) => {
      await go.promise
      return {
        status: 201,
        headers: { 'content-type': 'application/json' },
        body: `{"at":"${url}"}`,
      }
    })
    t.after(() => receiver.close())

    await page.getByRole('button', { name: 'New workflow', exact: true }).click()
    await page.getByRole('textbox', { name: 'Name of the workflow' }).fill('Orders')
    await steps(page).getByRole('button', { name: 'Webhook' }).click()
    await page.getByRole('combobox', { name: 'URL' }).and(page.locator(':focus')).waitFor()
    await page.getByRole('combobox', { name: 'URL' }).fill(receiver.url('/action'))
    const payload = page.getByRole('textbox', { name: 'Payload of webhook' })
    await writeCode(payload, '({ order: $event.body.order })')
    await addStep(page, 'after webhook', 'Run Node.js code')
    const code = page.getByRole('textbox', { name: 'Code of nodejs' })
    await code.fill(
      `const names = ["Luke", "Han"]\nnames.forEach(name => $send.http({ method: "POST", url: "${receiver.url('/code')}", data: { name } }))\nconsole.error("greeted", names.length)\nreturn names.length`,
    )
    await page.getByRole('button', { name: 'Save', exact: true }).click()
    await reads(page.getByRole('status'), 'Saved as v2')
    const { data } = await app.api.call<{ data: WorkflowWire[] }>('GET', '/workflows')
    const workflow = data[0]!
    assert.equal(workflow.name, 'Orders')

    await app.send(workflow, '/new?x=1', { body: '{"order": 42}' })
    const row = rows(page).first()
    await reads(row, '0/3')
    go.resolve()
    await reads(row, '3/3')
    await row.click()

    for (const [at, path, sent] of [
      [0, '/action', '"order": 42'],
      [1, '/code', '"name": "Luke"'],
      [2, '/code', '"name": "Han"'],
    ] as const) {
      const line = page
        .getByRole('button', { name: `POST ${receiver.url(path)}` })
        .nth(at === 2 ? 1 : 0)
      await line.click()
      const panes = page.locator('.delivery-panes')
      await reads(panes, `"at": "${path}"`)
      await reads(panes, 'HTTP/1.1 201')
      await panes.getByRole('tab', { name: 'Request' }).click()
      await reads(panes, sent)
      await line.click()
    }
    await reads(steps(page), 'greeted 2')
    await reads(page.getByRole('list', { name: 'Exports of nodejs' }), '2')
  },
)

test(
  'workflow: an error keeps the text, marks the line and says what will not run',
  { skip },
  async (t) => {
    const { page, app, open, expect } = await openUi(t)
    expect(/400 \(Bad Request\)/)
    const workflow = await app.workflow([{ type: 'code', name: 'greet', code: 'return 1' }])
    await open(`/workflows/${workflow.id}`)
    const code = page.getByRole('textbox', { name: 'Code of greet' })
    await writeCode(code, 'const a = 1\nconst = 2')
    await reads(steps(page), 'will not run')
    await reads(steps(page).getByRole('status'), /line 2, column 7\s*Unexpected token/)
    await page.locator('.cm-lint-marker-error').waitFor()

    await page.keyboard.press('Control+s')
    await reads(page.getByRole('alert'), /Cannot save step greet: .*line 2.*new events run on v1/)
    await reads(code, 'const = 2')

    await page.getByRole('button', { name: 'line 2, column 7' }).click()
    await page.keyboard.type('b ')
    await reads(steps(page), 'not saved')
    await page.keyboard.press('Control+s')
    await reads(page.getByRole('status'), 'Saved as v2')
    const { steps: saved } = await app.api.call<{ steps: { code: string }[] }>(
      'GET',
      `/workflows/${workflow.id}`,
    )
    assert.equal(saved[0]!.code, 'const a = 1\nconst b = 2')
  },
)

test('workflow: a wrong option of $send.http is told and put right', { skip }, async (t) => {
  const { page, app, open } = await openUi(t)
  const workflow = await app.workflow([{ type: 'code', name: 'send', code: '' }])
  await open(`/workflows/${workflow.id}`)
  const code = page.getByRole('textbox', { name: 'Code of send' })
  await writeCode(code, '$send.http({ method: "POST", url: "https://a.example", body: 1 })')
  const marked = page.locator('.cm-lintRange-warning', { hasText: 'body' })
  await marked.hover()
  await reads(page.locator('.cm-diagnostic'), 'did you mean data?')
  await page.getByRole('button', { name: 'Use data' }).click()
  await reads(code, 'data: 1')
})

/** Until it is released, no code is read within the time that the editor gives itself, nor while it idles. */
const READ_SLOWLY = `{
  const { now } = Date
  const idle = requestIdleCallback
  const held = []
  let aheadMs = 0
  Date.now = () => now() + (aheadMs += 50)
  window.requestIdleCallback = (work) => held.push(work)
  window.release = () => {
    Date.now = () => now() + aheadMs
    window.requestIdleCallback = idle
    for (const work of held) idle(work)
  }
}`

test('workflow: code that takes long to read is hinted at once it is read', { skip }, async (t) => {
  const { page, app, open } = await openUi(t)
  const workflow = await app.workflow([{ type: 'code', name: 'send', code: '' }])
  await page.addInitScript({ content: READ_SLOWLY })
  await open(`/workflows/${workflow.id}`)
  // It is asked for later than the hints are looked for.
  const checked = page.waitForResponse('**/api/v1/check')
  await writeCode(
    page.getByRole('textbox', { name: 'Code of send' }),
    '$send.http({ method: "POST", url: "https://a.example", body: 1 })',
  )
  await checked
  assert.equal(await page.locator('.cm-lintRange-warning').count(), 0)
  await page.evaluate('release()')
  await page.locator('.cm-lintRange-warning', { hasText: 'body' }).waitFor()
})

test(
  'workflow: packages come with the save, and one that is not to be had is marked',
  { skip },
  async (t) => {
    const registry = await startRegistry(t, {
      name: 'left',
      version: '1.0.0',
      files: { 'index.js': "module.exports = 'left'" },
    })
    const { page, app, open } = await openUi(t)
    const workflow = await app.workflow([{ type: 'code', name: 'use', code: 'return 1' }])
    await open(`/workflows/${workflow.id}`)
    const code = page.getByRole('textbox', { name: 'Code of use' })
    await writeCode(code, "const a = 1\nimport nope from 'nope'\nreturn nope")
    await page.keyboard.press('Control+s')
    await reads(page.getByRole('alert'), /nope/)
    await reads(steps(page).getByRole('status'), /line 2, column 1[^]*nope/)
    await page.locator('.cm-lint-marker-error').waitFor()
    const release = registry.hold()
    await writeCode(code, "import left from 'left'\nreturn left")
    await page.keyboard.press('Control+s')
    await reads(page.getByRole('status'), 'Resolving left')
    release()
    await reads(page.getByRole('status'), 'Saved as v2')
  },
)
