/** The two pages for what cannot be shown: an address that leads nowhere, and a fault. */
import { Link } from '@tanstack/react-router'
import { ProblemNote } from '../parts/problem-note.tsx'

export function NotFoundPage() {
  return (
    <main className="plain-page">
      <h1>Nothing is here</h1>
      <p>
        This address leads nowhere. <Link to="/">Go to the workflows</Link>
      </p>
    </main>
  )
}

type ProblemProps = { readonly problem: Error; readonly retry: () => void }

export function ProblemPage({ problem, retry }: ProblemProps) {
  return (
    <main className="plain-page">
      <h1>Cannot show this page</h1>
      <ProblemNote problem={problem} retry={retry} />
    </main>
  )
}
