/**
 * The URLs, one file of `routes/` each. Whatever a page shows is in its address: what is searched for,
 * which event is selected, which delivery is open. Parameters are plain text, as people edit them.
 */
import type { QueryClient } from '@tanstack/react-query'
import {
  createRootRouteWithContext,
  createRoute,
  createRouter,
  Outlet,
  redirect,
} from '@tanstack/react-router'
import { ApiProblem } from './api/client.ts'
import { sessionQuery } from './api/queries.ts'
import { NoticeLine } from './parts/notice.tsx'
import { NotFoundPage, ProblemPage } from './routes/not-found.tsx'
import { SetUpPage } from './routes/set-up.tsx'
import { SignInPage } from './routes/sign-in.tsx'
import type { DeliveriesSearch } from './routes/deliveries.tsx'
import type { DestinationsSearch } from './routes/destinations.tsx'
import type { OverviewSearch } from './routes/overview.tsx'
import { WorkflowPage } from './routes/workflow.tsx'
import { WorkflowsPage } from './routes/workflows.tsx'
import { lazyPage } from './shell/lazy-page.tsx'
import { Shell } from './shell/shell.tsx'

export type WorkflowSearch = {
  /** The selected event. */
  readonly event?: string
  /** The search box, as typed. */
  readonly q?: string
  /** The open delivery, and which of its panes. */
  readonly delivery?: string
  readonly pane?: string
  /** `now`: the steps of today under a run of an older version. */
  readonly steps?: string
  /** The job that replays in bulk, so that a reload finds it. */
  readonly bulk?: string
  /** On narrow screens: the steps instead of the list. */
  readonly view?: string
}

const only = <Name extends string>(search: Record<string, unknown>, ...names: readonly Name[]) =>
  Object.fromEntries(
    names.flatMap((name) => (typeof search[name] === 'string' ? [[name, search[name]]] : [])),
  ) as { [Key in Name]?: string }

const root = createRootRouteWithContext<{ readonly queries: QueryClient }>()({
  component: () => (
    <>
      <Outlet />
      <NoticeLine />
    </>
  ),
  notFoundComponent: NotFoundPage,
})

const signIn = createRoute({
  getParentRoute: () => root,
  path: '/signin',
  validateSearch: (search: Record<string, unknown>) => only(search, 'next'),
  component: SignInPage,
})

const setUp = createRoute({ getParentRoute: () => root, path: '/setup', component: SetUpPage })

/** Everything that needs a session. */
const inside = createRoute({
  getParentRoute: () => root,
  id: 'inside',
  component: Shell,
  errorComponent: ({ error, reset }) => (
    <ProblemPage
      problem={error instanceof Error ? error : new Error(String(error))}
      retry={reset}
    />
  ),
  beforeLoad: async ({ context, location }) => {
    await context.queries.ensureQueryData(sessionQuery).catch((problem: unknown) => {
      if (problem instanceof ApiProblem && problem.status === 401) {
        throw redirect({ to: '/signin', search: { next: location.href } })
      }
      throw problem
    })
  },
})

const workflows = createRoute({ getParentRoute: () => inside, path: '/', component: WorkflowsPage })

const workflow = createRoute({
  getParentRoute: () => inside,
  path: '/workflows/$workflowId',
  validateSearch: (search: Record<string, unknown>): WorkflowSearch =>
    only(search, 'event', 'q', 'delivery', 'pane', 'view', 'steps', 'bulk'),
  component: WorkflowPage,
})

/** The pages that are not opened first are loaded when they are. */
const deliveries = createRoute({
  getParentRoute: () => inside,
  path: '/deliveries',
  validateSearch: (search: Record<string, unknown>): DeliveriesSearch =>
    only(search, 'workflow', 'status', 'code', 'origin', 'q', 'bulk'),
  component: lazyPage(async () => (await import('./routes/deliveries.tsx')).DeliveriesPage),
})

const destinations = createRoute({
  getParentRoute: () => inside,
  path: '/destinations',
  validateSearch: (search: Record<string, unknown>): DestinationsSearch => only(search, 'q'),
  component: lazyPage(async () => (await import('./routes/destinations.tsx')).DestinationsPage),
})

const overview = createRoute({
  getParentRoute: () => inside,
  path: '/overview',
  validateSearch: (search: Record<string, unknown>): OverviewSearch =>
    only(search, 'span', 'workflow'),
  component: lazyPage(async () => (await import('./routes/overview.tsx')).OverviewPage),
})

const settings = createRoute({
  getParentRoute: () => inside,
  path: '/settings',
  component: lazyPage(async () => (await import('./routes/settings.tsx')).SettingsPage),
})

const routeTree = root.addChildren([
  signIn,
  setUp,
  inside.addChildren([workflows, workflow, deliveries, destinations, overview, settings]),
])

export function createAppRouter(queries: QueryClient) {
  return createRouter({
    routeTree,
    context: { queries },
    parseSearch: (text) => Object.fromEntries(new URLSearchParams(text)),
    stringifySearch: (search) => {
      const entries = Object.entries(search).filter(([, value]) => typeof value === 'string')
      const text = new URLSearchParams(entries as [string, string][]).toString()
      return text === '' ? '' : `?${text}`
    },
  })
}

declare module '@tanstack/react-router' {
  interface Register {
    router: ReturnType<typeof createAppRouter>
  }
}
