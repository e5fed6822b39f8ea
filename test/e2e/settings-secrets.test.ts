/** The secrets of a workflow, made where its settings are: what it signs with, and what its senders prove. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { test } from 'node:test'
import { promisify } from 'node:util'
import type { Page } from 'playwright-core'
import { Webhook } from 'standardwebhooks'
import type { WorkflowWire } from '../../src/inspector/wire-workflow.ts'
import { isAccessible } from '../support/axe.ts'
import { openUi, reads, withoutBrowser } from '../support/browser.ts'
import { startReceiver } from '../support/receiver.ts'

const skip = withoutBrowser
const run = promisify(execFile)

async function openSettings(page: Page) {
  await page.getByRole('button', { name: 'More of this workflow' }).click()
  await page.getByRole('menuitem', { name: 'Settings' }).click()
  return page.getByRole('dialog', { name: 'Settings of the workflow' })
}

test(
  'settings: signing is turned on, its secret shown once, replaced, and the overlap ended',
  { skip },
  async (t) => {
    const { page, app, open } = await openUi(t)
    const receiver = await startReceiver()
    t.after(() => receiver.close())
    const code = `$send.http({ method: "POST", url: "${receiver.url('/')}", data: { x: 1 } })`
    const workflow = await app.workflow([{ type: 'code', code }])
    await open(`/workflows/${workflow.id}`)
    const dialog = await openSettings(page)
    await dialog.getByRole('checkbox', { name: 'Sign every request' }).check()
    await reads(dialog, 'No secret yet')
    await dialog.getByRole('button', { name: 'Make the secret' }).click()
    const shown = dialog.getByRole('status').locator('code')
    await reads(shown, /^whsec_/)
    const first = (await shown.textContent())!
    await dialog.getByRole('button', { name: 'Replace the secret' }).click()
    await reads(dialog, 'The one before it signs too, until')
    await shown.filter({ hasNotText: first }).waitFor()
    const second = (await shown.textContent())!
    await dialog.getByRole('button', { name: 'Save settings' }).click()
    await reads(page.getByRole('status'), 'Saved as v2')

    await app.send(workflow)
    await app.settled(workflow)
    const sent = receiver.requests[0]!
    for (const secret of [first, second]) {
      new Webhook(secret).verify(String(sent.body), Object.fromEntries(sent.headers))
    }
    await openSettings(page)
    assert.equal(await dialog.getByText(second).count(), 0)
    await dialog.getByRole('button', { name: 'End it now' }).click()
    await dialog.getByText('The one before it signs too').waitFor({ state: 'detached' })
  },
)

for (const [proof, variable] of [
  ['Whoever sends a token', 'HOOK_TOKEN'],
  ['Whoever signs the request', 'HOOK_SECRET'],
] as const) {
  test(
    `settings: ${proof}: the commands that are shown get in, others do not`,
    { skip },
    async (t) => {
      const { page, app, open } = await openUi(t)
      const workflow = await app.workflow([])
      await open(`/workflows/${workflow.id}`)
      const dialog = await openSettings(page)
      await dialog.getByRole('radio', { name: proof }).check()
      await reads(dialog, `${variable} is not set: until it is, every request is refused.`)
      await dialog.getByRole('button', { name: 'Draw a value' }).click()
      await reads(dialog, `${variable} is set.`)
      await isAccessible(page, 'who may send events')
      const lines = (await dialog.locator('.command-lines').textContent())!
      await dialog.getByRole('button', { name: 'Save settings' }).click()
      await reads(page.getByRole('status'), 'Saved as v2')
      const { settings } = await app.api.call<WorkflowWire>('GET', `/workflows/${workflow.id}`)
      assert.equal(settings.triggerAuth?.variable, variable)
      assert.equal((await app.send(workflow)).status, 401)
      const { stdout } = await run('sh', ['-c', lines])
      assert.deepEqual(JSON.parse(stdout), { success: true })
    },
  )
}
