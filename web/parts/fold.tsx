/** A labelled part of a card that can be folded away; folded, a hint says what is in it. */
import { useState } from 'react'
import type { ReactNode } from 'react'
import { Disclosure } from './disclosure.tsx'

type Props = { readonly label: string; readonly hint: string; readonly children: ReactNode }

export function Fold({ label, hint, children }: Props) {
  const [isOpen, setOpen] = useState(true)
  const summary = (
    <>
      <span>{label}</span>
      {!isOpen && <span className="faint fold-hint">{hint}</span>}
    </>
  )
  return (
    <div className="fold">
      <Disclosure
        className="fold-head"
        isOpen={isOpen}
        toggle={() => setOpen(!isOpen)}
        summary={summary}
      >
        {() => children}
      </Disclosure>
    </div>
  )
}
