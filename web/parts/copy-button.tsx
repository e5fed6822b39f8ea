/** A small button that copies; its label says what. */
import { copyText } from './copy-text.ts'
import { Icon } from './icon.tsx'

type Props = {
  readonly text: string | (() => string)
  /** Completes "Copy ..." and "Copied ...". */
  readonly what: string
  /** Shown beside the sign; without it the sign stands alone. */
  readonly label?: string
}

export function CopyButton({ text, what, label }: Props) {
  const copy = () => void copyText(typeof text === 'string' ? text : text(), what)
  return (
    <button
      type="button"
      className="quiet"
      onClick={copy}
      aria-label={`Copy ${what}`}
      title={`Copy ${what}`}
    >
      <Icon name="copy" />
      {label}
    </button>
  )
}
