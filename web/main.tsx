/** Starts the UI: the cache of what was read, the router, and the theme the reader chose. */
import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { RouterProvider } from '@tanstack/react-router'
import { createRoot } from 'react-dom/client'
import { ApiProblem, whenSignedOut } from './api/client.ts'
import { createAppRouter } from './router.tsx'
import { loadAhead } from './parts/lazy-part.tsx'
import { hasUnsaved } from './parts/unsaved.ts'
import { setSessionEnded } from './shell/session-end.ts'
import { applyTheme } from './shell/theme.ts'
import './styles/tokens.css'
import './styles/base.css'
import './styles/parts.css'
import './styles/page.css'
import './styles/inspector.css'
import './styles/run.css'
import './styles/delivery.css'
import './styles/editor.css'
import './styles/editor-dialogs.css'
import './styles/compare.css'
import './styles/shell.css'
import './styles/overview.css'
import './styles/operations.css'
import './styles/forced-colors.css'

applyTheme()

const queries = new QueryClient({
  defaultOptions: {
    // The server may well be on this machine: whether there is a network is not asked, but whether it answers.
    mutations: { networkMode: 'always' },
    queries: {
      networkMode: 'always',
      refetchOnReconnect: true,
      staleTime: 2_000,
      retry: (failures, problem) =>
        failures < 2 &&
        problem instanceof ApiProblem &&
        (problem.status === 0 || problem.status >= 500),
    },
  },
})
const router = createAppRouter(queries)

/** The session has ended: back to the door, and from there to where the reader was. */
whenSignedOut(() => {
  const { pathname, href } = router.state.location
  if (pathname === '/signin' || pathname === '/setup') return
  if (hasUnsaved()) setSessionEnded(true)
  else void router.navigate({ to: '/signin', search: { next: href } })
})

createRoot(document.getElementById('root')!).render(
  <QueryClientProvider client={queries}>
    <RouterProvider router={router} />
  </QueryClientProvider>,
)
loadAhead()
