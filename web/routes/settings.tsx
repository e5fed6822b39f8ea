/** Settings: tokens and variables of the account, and what this server was started with. */
import { useQuery } from '@tanstack/react-query'
import { sessionQuery } from '../api/queries.ts'
import { InstanceSection } from '../operations/instance-section.tsx'
import { TokensSection } from '../operations/tokens-section.tsx'
import { VariablesSection } from '../operations/variables-section.tsx'
import { TopBar } from '../shell/top-bar.tsx'

export function SettingsPage() {
  const { data: session } = useQuery(sessionQuery)
  const isAdmin = session?.scopes.includes('admin') ?? false
  return (
    <div className="page">
      <title>Settings · Sendoff</title>
      <TopBar title="Settings" nav />
      <main className="settings-page">
        <VariablesSection />
        {isAdmin ? (
          <TokensSection />
        ) : (
          <section>
            <h2>Tokens</h2>
            <p className="hint">Tokens are issued and revoked by who has the scope admin.</p>
          </section>
        )}
        <InstanceSection isAdmin={isAdmin} />
      </main>
    </div>
  )
}
