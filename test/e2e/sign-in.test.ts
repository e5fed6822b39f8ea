/** The door of the UI, in a real browser. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Route } from 'playwright-core'
import { ADMIN_TOKEN } from '../support/app.ts'
import { openUi, reads, signIn, withoutBrowser } from '../support/browser.ts'

test('sign-in: a token opens the page that was asked for', { skip: withoutBrowser }, async (t) => {
  const { app, page, open, expect } = await openUi(t, { signedIn: false })
  expect(/401 \(Unauthorized\)/)
  const workflow = await app.workflow([{ type: 'note', text: 'Nothing yet' }])
  await open(`/workflows/${workflow.id}`)
  await page.waitForURL(/\/signin\?next=/)
  await page.locator('input[name=token]').fill('so_wrong')
  await page.getByRole('button', { name: 'Sign in' }).click()
  await reads(page.getByRole('alert'), 'Cannot sign in: the token is unknown or revoked')
  await page.locator('input[name=token]').fill('so_test_token_of_the_whole_app')
  await page.getByRole('button', { name: 'Sign in' }).click()
  await page.waitForURL((url) => url.pathname === `/workflows/${workflow.id}`)
  await reads(page.getByRole('heading', { level: 1 }), 'Test')
  assert.equal(await page.evaluate('document.cookie'), '')
})

test('sign-in: signing out closes the door behind one', { skip: withoutBrowser }, async (t) => {
  const { page, open, expect } = await openUi(t)
  expect(/401 \(Unauthorized\)/)
  await page.keyboard.press('Control+k')
  await page.getByRole('combobox', { name: 'Go to or do' }).fill('Sign out')
  await page.getByRole('option', { selected: true, name: 'Sign out' }).waitFor()
  await page.keyboard.press('Enter')
  await page.waitForURL((url) => url.pathname === '/signin')
  await open('/')
  await page.waitForURL((url) => url.pathname === '/signin')
  await signIn(page)
})

test(
  'sign-in: a session that ends under unsaved text asks for the token over the page, and the text is kept',
  { skip: withoutBrowser },
  async (t) => {
    const { app, page, open, expect } = await openUi(t)
    expect(/401 \(Unauthorized\)/)
    const workflow = await app.workflow([{ type: 'note', name: 'note', text: 'saved' }])
    await open(`/workflows/${workflow.id}`)
    const text = page.getByRole('textbox', { name: 'Text of note' })
    // The check of what was typed is asked for before somebody signs in again, and answered after that.
    const [refused, signedIn] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
    const holdBack = async (route: Route): Promise<void> => {
      const answer = await route.fetch()
      refused.resolve()
      await signedIn.promise
      await route.fulfill({ response: answer })
    }
    await page.route('**/api/v1/check', holdBack, { times: 1 })
    await text.fill('typed for an hour')
    await page.context().clearCookies()
    await page.keyboard.press('ControlOrMeta+s')
    const dialog = page.getByRole('dialog', { name: 'Your session has ended' })
    await page.keyboard.press('Escape')
    await dialog.locator('input[name=token]').fill(ADMIN_TOKEN)
    await refused.promise
    await dialog.getByRole('button', { name: 'Sign in' }).click()
    await dialog.waitFor({ state: 'detached' })
    const late = page.waitForResponse('**/api/v1/check')
    signedIn.resolve()
    await late
    await reads(page.getByRole('alert'), 'your session had ended. Your text is kept')
    assert.equal(await text.inputValue(), 'typed for an hour')
    await page.keyboard.press('ControlOrMeta+s')
    await reads(page.getByRole('status'), 'Saved as v2')

    await text.fill('not worth it')
    await page.context().clearCookies()
    await page.keyboard.press('ControlOrMeta+s')
    await dialog.waitFor()
    await page.locator('.wordmark').dispatchEvent('click')
    await page.getByRole('alertdialog').getByRole('button', { name: 'Leave' }).click()
    await page.waitForURL((url) => url.pathname === '/signin')
    await signIn(page)
    await page.getByRole('link', { name: 'Test' }).waitFor()
    assert.equal(await dialog.count(), 0)
  },
)
