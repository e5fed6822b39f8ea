/** Brings the card of a step into view, below the head that stays, and puts the focus on it. */
import { RUN_PANE } from './use-workflow-keys.ts'

const AIR_PX = 8

export function showStep(key: string): void {
  const pane = document.getElementById(RUN_PANE)
  const card = pane?.querySelector(`[data-step="${CSS.escape(key)}"]`)
  if (!pane || !card) return
  card.scrollIntoView({ block: 'start' })
  const head = pane.querySelector('.pane-head')
  const isOver = head !== null && getComputedStyle(head).position === 'sticky'
  pane.scrollBy(0, -AIR_PX - (isOver ? head.getBoundingClientRect().height : 0))
  card.querySelector<HTMLElement>('.card-head')?.focus({ preventScroll: true })
}
