/** Why something could not be read, in the server's words, with the way to try again. */
type Props = {
  readonly problem: Error
  readonly retry?: () => void
  /** For what is better put away than asked for again. */
  readonly close?: () => void
}

export function ProblemNote({ problem: { message }, retry, close }: Props) {
  return (
    <div className="problem" role="alert">
      <p>{message.startsWith('Cannot ') ? message : `Cannot show this: ${message}`}</p>
      {retry && (
        <button type="button" onClick={retry}>
          Try again
        </button>
      )}
      {close && (
        <button type="button" onClick={close}>
          Close
        </button>
      )}
    </div>
  )
}
