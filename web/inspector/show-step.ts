/** Brings a card, or what is open in it, into view below the head that stays. */
import { RUN_PANE } from './use-workflow-keys.ts'

const AIR_PX = 8

/** The focus is then on the card. */
export function showStep(key: string): void {
  const card = find(`[data-step="${CSS.escape(key)}"]`)
  if (!card) return
  show(card)
  card.querySelector<HTMLElement>('.card-head')?.focus({ preventScroll: true })
}

/** The one delivery that is open. */
export function showDelivery(): void {
  const line = find('.delivery-line[aria-expanded=true]')
  if (line) show(line)
}

const find = (selector: string): Element | null =>
  document.getElementById(RUN_PANE)?.querySelector(selector) ?? null

function show(element: Element): void {
  const pane = document.getElementById(RUN_PANE)!
  element.scrollIntoView({ block: 'start' })
  const head = pane.querySelector('.pane-head')
  const isOver = head !== null && getComputedStyle(head).position === 'sticky'
  pane.scrollBy(0, -AIR_PX - (isOver ? head.getBoundingClientRect().height : 0))
}
