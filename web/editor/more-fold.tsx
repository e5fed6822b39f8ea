/** What of a form is seldom needed: closed, with a hint of what is in it, until asked for or wrong. */
import { useState } from 'react'
import type { ReactNode } from 'react'
import { Disclosure } from '../parts/disclosure.tsx'

type Props = {
  readonly hint: string
  /** Something in here needs attention. */
  readonly isNeeded: boolean
  readonly children: ReactNode
}

export function MoreFold({ hint, isNeeded, children }: Props) {
  const [isOpen, setOpen] = useState(false)
  const isShown = isOpen || isNeeded
  const summary = (
    <>
      <span>Method, auth, query, headers</span>
      {!isShown && <span className="faint fold-hint">{hint}</span>}
    </>
  )
  return (
    <div className="more-fold">
      <Disclosure
        className="fold-head"
        isOpen={isShown}
        toggle={() => setOpen(!isShown)}
        summary={summary}
      >
        {() => <div className="form">{children}</div>}
      </Disclosure>
    </div>
  )
}
