/**
 * Single-key shortcuts. They are silent while somebody types or holds a modifier, and can be switched
 * off altogether (WCAG 2.1.4), which the browser remembers.
 */
import { useLayoutEffect, useRef } from 'react'

export type Keys = Readonly<Record<string, () => void>>

const isMac = /Mac|iPhone|iPad/.test(navigator.userAgent)

/** `⌘S` or `Ctrl S`, as the reader's keyboard has it. */
export const withCommand = (letter: string): string => `${isMac ? '⌘' : 'Ctrl '}${letter}`

const STORED = 'sendoff.keys'

export const areKeysOn = (): boolean => localStorage.getItem(STORED) !== 'off'
export const setKeysOn = (on: boolean): void => localStorage.setItem(STORED, on ? 'on' : 'off')

export function useKeys(keys: Keys): void {
  const latest = useRef(keys)
  // With the drawing and not after it: a key acts on what is seen, from the moment that it is seen.
  useLayoutEffect(() => {
    latest.current = keys
  })
  useLayoutEffect(() => {
    const press = (event: KeyboardEvent): void => {
      const act = Object.hasOwn(latest.current, event.key) ? latest.current[event.key] : undefined
      if (!act || event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return
      // Not event.target: that is the host where the focus is within a shadow root.
      const [target = null] = event.composedPath()
      if (isTyping(target) || isInDialog(target) || !areKeysOn()) return
      if (event.key === 'Enter' && isPressable(target)) return
      event.preventDefault()
      act()
    }
    addEventListener('keydown', press)
    return () => removeEventListener('keydown', press)
  }, [])
}

const isTyping = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement &&
  (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName)) &&
  !(target instanceof HTMLInputElement && target.type === 'checkbox')

/** What Enter already means something to; a row of a list (`data-row`) is ours to open. */
const isPressable = (target: EventTarget | null): boolean =>
  target instanceof Element && target.closest('button, a:not([data-row]), [role=tab]') !== null

const isInDialog = (target: EventTarget | null): boolean =>
  target instanceof Element &&
  target.closest('[role=dialog], [role=alertdialog], [role=menu]') !== null
