/** What this server was started with, as far as it matters to those who use it; changed where it is started. */
import type { Api } from './api.ts'
import type { InspectorOptions } from './ports.ts'
import { Instance } from './wire-operations.ts'

export function instanceRoutes(api: Api, { instance }: Pick<InspectorOptions, 'instance'>): void {
  api.get(
    '/instance',
    {
      config: { scope: 'admin' },
      schema: {
        tags: ['meta'],
        summary: 'Read what the server was started with',
        response: { 200: Instance },
      },
    },
    async () => instance,
  )
}
