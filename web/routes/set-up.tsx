/**
 * The first visit: the link that the first start printed. Its code stands behind the `#`, so it is in no
 * log; it works once, signs its holder in and shows the first API token, this once.
 */
import { useMutation } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { setUp } from '../api/queries.ts'
import { CopyButton } from '../parts/copy-button.tsx'

/** Taken out of the address at once, so that it stays in no history. */
function takeCode(): string {
  const code = location.hash.slice(1)
  if (code !== '') history.replaceState(history.state, '', location.pathname)
  return code
}

export function SetUpPage() {
  const [code] = useState(takeCode)
  const { mutate, data, error, isPending } = useMutation({ mutationFn: setUp })
  if (data) return <Welcome token={data.token} />
  return (
    <main className="plain-page">
      <h1>Set up Sendoff</h1>
      {code === '' ? (
        <p>
          Open the link that <code>sendoff serve</code> printed at its first start, or{' '}
          <Link to="/signin">sign in</Link>.
        </p>
      ) : (
        <div className="stack">
          <p>This makes you the owner of this server and shows its first API token.</p>
          {error && (
            <p className="field-problem" role="alert">
              {error.message}
            </p>
          )}
          <button
            type="button"
            className="primary"
            disabled={isPending}
            onClick={() => mutate(code)}
          >
            Become the owner
          </button>
        </div>
      )}
    </main>
  )
}

function Welcome({ token }: { readonly token: string }) {
  return (
    <main className="plain-page">
      <h1>You are signed in</h1>
      <p>Keep this API token. It is shown this once; it signs you in and calls the API.</p>
      <div className="command">
        <code>{token}</code>
        <CopyButton text={token} what="the token" />
      </div>
      <p>
        <Link to="/" className="primary">
          Go to the workflows
        </Link>
      </p>
    </main>
  )
}
