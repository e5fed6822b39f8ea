/**
 * Parts of the UI that are not needed first. Each is loaded when it is wanted, or once the page is at rest,
 * so that it opens at once, and also while the server is away.
 *
 * A part that does not come takes nothing else of the page with it: the server may have been replaced by
 * one that has other files, while somebody types. It says so in its place, a dialog at the foot of the page,
 * and is asked for anew the next time.
 */
import { createContext, lazy, use, useEffect, useState } from 'react'
import type { ComponentType, ReactNode } from 'react'
import { notifyProblem } from './notice.tsx'
import { ProblemNote } from './problem-note.tsx'

type Frame = (props: { readonly children: ReactNode }) => ReactNode
type Kept<Props> = { readonly Part: ComponentType<Props> }

const loads: (() => Promise<unknown>)[] = []
const REST_MS = 2_000
const AskAgain = createContext((): void => undefined)

/** `load` answers the component; a `Suspense` belongs around it. `Frame` is drawn around its absence. */
export function lazyPart<Props extends object>(
  load: () => Promise<ComponentType<Props>>,
  Frame: Frame = ({ children }) => children,
): ComponentType<Props> {
  const came = (Part: ComponentType<Props>) => {
    kept = { Part }
    return { default: Part }
  }
  const missed = () => ({
    default: (props: Props) => <Missing {...props} Frame={Frame} shown={forget} />,
  })
  const asked = (): Kept<Props> => ({ Part: lazy(() => load().then(came, missed)) })
  let kept = asked()
  const forget = (): void => void (kept = asked())
  loads.push(() => load().then(came))
  return function LazyPart(props: Props) {
    const [{ Part }, show] = useState(kept)
    return (
      <AskAgain value={() => show(kept)}>
        <Part {...props} />
      </AskAgain>
    )
  }
}

type MissingProps = {
  /** What a dialog has. */
  readonly close?: () => void
  readonly Frame: Frame
  readonly shown: () => void
}

function Missing({ close, Frame, shown }: MissingProps) {
  const askAgain = use(AskAgain)
  useEffect(() => {
    shown()
    if (!close) return
    notifyProblem(missing)
    close()
  }, [close, shown])
  if (close) return null
  return (
    <Frame>
      <ProblemNote problem={missing} retry={askAgain} />
    </Frame>
  )
}

export const missing = new Error(
  'Cannot load this part of the page: the server does not answer, or was updated: reload the page',
)

/** Loads what has not been wanted yet, one part after another, when the page has had time to come up. */
export function loadAhead(): void {
  setTimeout(() => void loadAll(), REST_MS)
}

async function loadAll(): Promise<void> {
  // It grows while it is gone through: parts have parts.
  for (const load of loads) await load().catch(() => undefined)
}
