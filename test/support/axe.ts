/**
 * What a page owes to everybody: axe finds nothing in it, in either scheme, and on a small phone, where
 * nothing may reach over its edge (WCAG 1.4.10). The page is as wide afterwards as it was.
 */
import assert from 'node:assert/strict'
import { AxeBuilder } from '@axe-core/playwright'
import type { Page } from 'playwright-core'

const TAGS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']
const PHONE = { width: 360, height: 740 }

export async function isAccessible(page: Page, where = new URL(page.url()).pathname) {
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme })
    await isClean(page, `${where}, ${colorScheme}`)
  }
  const usual = page.viewportSize()!
  await page.setViewportSize(PHONE)
  // Colors do not follow the width, and looking at them is most of the work.
  await isClean(page, `${where}, ${PHONE.width} px wide`, ['color-contrast'])
  const width = await page.evaluate<number>('document.scrollingElement.scrollWidth')
  assert.equal(width, PHONE.width, `${where} is wider than a phone`)
  await page.setViewportSize(usual)
}

async function isClean(page: Page, where: string, but: string[] = []): Promise<void> {
  const axe = new AxeBuilder({ page }).withTags(TAGS).disableRules(but)
  const { violations } = await axe.analyze()
  const found = violations.flatMap(({ id, nodes }) =>
    nodes.map(({ html, failureSummary }) => `${id}: ${html} ${failureSummary}`),
  )
  assert.deepEqual(found, [], where)
}
