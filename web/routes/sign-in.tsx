/** The door: signed in, one is where one wanted to go. */
import { useNavigate, useSearch } from '@tanstack/react-router'
import { nextPath } from '../model/next-path.ts'
import { SignInForm } from '../parts/sign-in-form.tsx'

export function SignInPage() {
  const navigate = useNavigate()
  const { next } = useSearch({ from: '/signin' })
  return (
    <main className="plain-page">
      <h1>Sign in to Sendoff</h1>
      <SignInForm done={() => navigate({ href: nextPath(next), replace: true })} />
    </main>
  )
}
