/** Starts the UI: the cache of what was read, the router, and the theme the reader chose. */
import { QueryCache, QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { RouterProvider } from '@tanstack/react-router'
import { createRoot } from 'react-dom/client'
import { ApiProblem } from './api/client.ts'
import { createAppRouter } from './router.tsx'
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
  queryCache: new QueryCache({
    onError: (problem) => {
      if (problem instanceof ApiProblem && problem.status === 401) askToSignIn()
    },
  }),
  defaultOptions: {
    queries: {
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
function askToSignIn(): void {
  const { pathname, href } = router.state.location
  if (pathname === '/signin' || pathname === '/setup') return
  void router.navigate({ to: '/signin', search: { next: href } })
}

createRoot(document.getElementById('root')!).render(
  <QueryClientProvider client={queries}>
    <RouterProvider router={router} />
  </QueryClientProvider>,
)
