/** A state in a word, in the color of its meaning. */
import type { Status } from '../model/status-words.ts'

export function StatusText({ status }: { readonly status: Status }) {
  return (
    <span className="status" data-tone={status.tone}>
      {status.text}
    </span>
  )
}
