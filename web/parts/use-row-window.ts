/**
 * Which rows of a long list are drawn: those in sight and some around them, all of one height, in the flow
 * of the page behind a padding that stands for the rows above. So a row that came in at the top moves the
 * others without any of them being drawn again, and nothing is measured while somebody scrolls.
 */
import { useCallback, useEffect, useLayoutEffect, useRef, useState } from 'react'
import type { CSSProperties, RefObject } from 'react'

/** As `--row` in the styles. */
export const ROW_PX = 28
/** The window moves by so many rows at a time, so that not every frame of scrolling draws. */
const STRIDE = 8

type Place = { readonly first: number; readonly end: number; readonly isAtTop: boolean }

export type RowWindow = Place & {
  readonly style: CSSProperties
  /** The rows that fit into the list; 0 before it was laid out. */
  readonly fits: number
  readonly toTop: () => void
  /** Scrolls as little as it takes. */
  readonly show: (at: number) => void
}

const START: Place = { first: 0, end: 5 * STRIDE, isAtTop: true }

export function useRowWindow(scroller: RefObject<HTMLElement | null>, count: number): RowWindow {
  const [place, setPlace] = useState(START)
  const [height, setHeight] = useState(0)
  const look = useCallback((): void => {
    const { scrollTop = 0 } = scroller.current ?? {}
    setPlace((now) => moved(now, scrollTop, height))
  }, [scroller, height])
  const before = useRef(0)
  useLayoutEffect(look, [look])
  // Fewer rows may leave the list scrolled elsewhere; more do not, and asking where it is lays the page out.
  useLayoutEffect(() => {
    if (count < before.current) look()
    before.current = count
  }, [look, count])
  useEffect(() => {
    const element = scroller.current
    if (!element) return undefined
    const observer = new ResizeObserver(() => setHeight(element.clientHeight))
    observer.observe(element)
    element.addEventListener('scroll', look, { passive: true })
    return () => {
      observer.disconnect()
      element.removeEventListener('scroll', look)
    }
  }, [scroller, look])
  const end = Math.min(place.end, count)
  const first = Math.min(place.first, end)
  return {
    first,
    end,
    isAtTop: place.isAtTop,
    fits: Math.floor(height / ROW_PX),
    style: { height: count * ROW_PX, paddingTop: first * ROW_PX },
    toTop: () => scroller.current?.scrollTo({ top: 0 }),
    show: (at) => {
      const element = scroller.current
      if (!element) return
      const [top, bottom] = [at * ROW_PX, (at + 1) * ROW_PX - element.clientHeight]
      if (element.scrollTop > top) element.scrollTop = top
      else if (element.scrollTop < bottom) element.scrollTop = bottom
    },
  }
}

/** The same object where nothing is to be drawn anew. */
function moved(now: Place, scrollTop: number, height: number): Place {
  const row = Math.floor(scrollTop / ROW_PX / STRIDE) * STRIDE
  const inSight = Math.ceil(height / ROW_PX / STRIDE) * STRIDE
  const first = Math.max(0, row - STRIDE)
  const end = Math.max(row + inSight + 2 * STRIDE, START.end)
  const isAtTop = scrollTop <= 0
  return first === now.first && end === now.end && isAtTop === now.isAtTop
    ? now
    : { first, end, isAtTop }
}
