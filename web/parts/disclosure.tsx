/** A heading that opens and closes what is under it. */
import { useId } from 'react'
import type { ReactNode } from 'react'
import { Icon } from './icon.tsx'

type Props = {
  readonly isOpen: boolean
  readonly toggle: () => void
  readonly summary: ReactNode
  readonly children: () => ReactNode
  readonly className?: string
}

export function Disclosure({ isOpen, toggle, summary, children, className = '' }: Props) {
  const id = useId()
  return (
    <>
      <button
        type="button"
        className={`disclosure ${className}`}
        aria-expanded={isOpen}
        aria-controls={isOpen ? id : undefined}
        onClick={toggle}
      >
        <Icon name="caret" />
        {summary}
      </button>
      {isOpen && <div id={id}>{children()}</div>}
    </>
  )
}
