/**
 * Workflows: what a person defines. A save is checked whole, steps compiled, before anything is stored;
 * ingest hears of every change, so that an endpoint opens and closes at once. The packages that steps
 * import are installed first: a version is stored with what it runs with, or not at all.
 */
import { Type } from 'typebox'
import { limits } from '../model/limits.ts'
import type { Definition, SavedDefinition, Workflow } from '../model/workflow.ts'
import type { Api } from './api.ts'
import { compileCheckOf } from './check-request.ts'
import { findWorkflow, notFound } from './find.ts'
import type { InspectorDeps, InspectorOptions } from './ports.ts'
import * as requests from './requests.ts'
import { answerSave } from './save-progress.ts'
import { toWireVersion, toWireWorkflow } from './to-wire-workflow.ts'
import * as wire from './wire-workflow.ts'
import { page } from './wire.ts'

type Deps = Pick<
  InspectorDeps,
  'store' | 'notifier' | 'ids' | 'checkDefinition' | 'checkSteps' | 'packages' | 'log'
> &
  Pick<InspectorOptions, 'baseUrl'>

const tags = ['workflows']
const ofLines =
  'Packages that steps import are installed first, which can take a minute. With Accept: application/x-ndjson the answer is a line of JSON for each piece of progress, {"progress": "..."}, and a last one that is {"result": ...} or {"problem": ...}.'
/** The model reads definitions and says what is wrong with them; here only an object is asked for. */
const checkedByModel = compileCheckOf(Type.Object({}))
const { expectedVersion } = requests.ReplacedWorkflow.properties
const checkedReplacement = compileCheckOf(Type.Object({ expectedVersion }))
const checkedEnvelope = compileCheckOf(
  Type.Object(
    {
      name: Type.Optional(Type.Unknown()),
      steps: Type.Optional(Type.Unknown()),
      settings: Type.Optional(Type.Object({})),
      active: Type.Optional(Type.Boolean()),
      expectedVersion,
    },
    { additionalProperties: false },
  ),
)

export function workflowRoutes(api: Api, deps: Deps): void {
  listAndRead(api, deps)
  createAndReplace(api, deps)
  changeAndDelete(api, deps)
  versions(api, deps)
}

function listAndRead(api: Api, deps: Deps): void {
  api.get(
    '/workflows',
    {
      config: { scope: 'read' },
      schema: {
        tags,
        summary: 'List workflows',
        querystring: requests.PageQuery,
        response: { 200: page(wire.Workflow) },
      },
    },
    async ({ principal, query: { limit = limits.pageSize, cursor = null } }) => {
      const page = await deps.store.inspect.listWorkflows(principal.accountId, limit, cursor)
      const data = page.data.map((workflow) => toWireWorkflow(workflow, deps.baseUrl()))
      return { data, nextCursor: page.nextCursor }
    },
  )

  api.get(
    '/workflows/:id',
    {
      config: { scope: 'read' },
      schema: { tags, summary: 'Read a workflow', params: Id, response: { 200: wire.Workflow } },
    },
    async ({ principal, params }) =>
      toWireWorkflow(await findWorkflow(deps.store, principal, params.id), deps.baseUrl()),
  )
}

const Id = Type.Object({ id: Type.String() })

function createAndReplace(api: Api, deps: Deps): void {
  api.post(
    '/workflows',
    {
      config: { scope: 'write' },
      validatorCompiler: checkedByModel,
      schema: {
        tags,
        summary: 'Create a workflow; it is active at once',
        body: requests.NewWorkflow,
        description: ofLines,
        response: { 201: wire.Workflow },
      },
    },
    async (request, reply) => {
      const { principal, body } = request
      const checked = check(deps, body)
      return answerSave(deps, request, reply, 201, async (tell) => {
        const definition = await install(deps, checked, null, tell)
        const id = deps.ids.next('wf')
        const { accountId } = principal
        const made = await deps.store.createWorkflow(accountId, id, deps.ids.key(), definition)
        announce(deps, made)
        return toWireWorkflow(made, deps.baseUrl())
      })
    },
  )

  api.put(
    '/workflows/:id',
    {
      config: { scope: 'write' },
      validatorCompiler: checkedReplacement,
      schema: {
        tags,
        summary: 'Replace the whole definition; settings left out return to their defaults',
        description: ofLines,
        params: Id,
        body: requests.ReplacedWorkflow,
        response: { 200: wire.Workflow },
      },
    },
    async (request, reply) => {
      const { principal, params, body } = request
      const found = await findWorkflow(deps.store, principal, params.id)
      const { expectedVersion, ...replacement } = body
      const checked = check(deps, replacement)
      const { accountId, id } = found
      return answerSave(deps, request, reply, 200, async (tell) => {
        const definition = await install(deps, checked, found, tell)
        const saved = await deps.store.updateWorkflow(accountId, id, definition, expectedVersion)
        announce(deps, saved)
        return toWireWorkflow(saved, deps.baseUrl())
      })
    },
  )
}

function changeAndDelete(api: Api, deps: Deps): void {
  api.patch(
    '/workflows/:id',
    {
      config: { scope: 'write' },
      validatorCompiler: checkedEnvelope,
      schema: {
        tags,
        summary: 'Change parts; settings are merged',
        description: ofLines,
        params: Id,
        body: requests.WorkflowChange,
        response: { 200: wire.Workflow },
      },
    },
    async (request, reply) => {
      const { active, expectedVersion, ...changes } = request.body
      const found = await findWorkflow(deps.store, request.principal, request.params.id)
      const { accountId, id, name, steps } = found
      const settings = { ...found.settings, ...changes.settings }
      const changed = Object.keys(changes).length > 0
      const checked = changed ? check(deps, { name, steps, ...changes, settings }) : undefined
      return answerSave(deps, request, reply, 200, async (tell) => {
        let saved = found
        if (checked) {
          const definition = await install(deps, checked, found, tell)
          saved = await deps.store.updateWorkflow(accountId, id, definition, expectedVersion)
        }
        if (active !== undefined) saved = await deps.store.setWorkflowActive(accountId, id, active)
        announce(deps, saved)
        return toWireWorkflow(saved, deps.baseUrl())
      })
    },
  )

  api.delete(
    '/workflows/:id',
    {
      config: { scope: 'write' },
      schema: {
        tags,
        summary: 'Delete a workflow; its endpoint stops at once',
        params: Id,
        response: { 204: Type.Null({ description: 'Deleted' }) },
      },
    },
    async ({ principal, params }, reply) => {
      const found = await findWorkflow(deps.store, principal, params.id)
      await deps.store.deleteWorkflow(principal.accountId, found.id)
      announce(deps, found)
      return reply.code(204).send(null)
    },
  )
}

function versions(api: Api, deps: Deps): void {
  api.get(
    '/workflows/:id/versions',
    {
      config: { scope: 'read' },
      schema: {
        tags,
        summary: 'List the versions of a workflow, newest first',
        params: Id,
        querystring: requests.PageQuery,
        response: { 200: page(wire.WorkflowVersion) },
      },
    },
    async ({ principal, params, query: { limit = limits.pageSize, cursor = null } }) => {
      const { id } = await findWorkflow(deps.store, principal, params.id)
      const { inspect } = deps.store
      const page = await inspect.listVersions(principal.accountId, id, limit, cursor)
      return { data: page.data.map(toWireVersion), nextCursor: page.nextCursor }
    },
  )

  api.get(
    '/workflows/:id/versions/:version',
    {
      config: { scope: 'read' },
      schema: {
        tags,
        summary: 'Read one version',
        params: Type.Object({ id: Type.String(), version: Type.String() }),
        response: { 200: wire.WorkflowVersion },
      },
    },
    async ({ principal, params: { id, version } }) => {
      const workflow = await findWorkflow(deps.store, principal, id)
      const number = /^[1-9]\d{0,8}$/.test(version) ? Number(version) : 0
      const found = await deps.store.findVersion(principal.accountId, workflow.id, number)
      return toWireVersion(found ?? notFound('version', version))
    },
  )
}

function check(deps: Deps, body: unknown): Definition {
  const definition = deps.checkDefinition(body)
  deps.checkSteps(definition.steps)
  return definition
}

/** The definition with its packages pinned, which are installed by then. */
async function install(
  deps: Deps,
  definition: Definition,
  before: SavedDefinition | null,
  tell: (text: string) => void,
): Promise<Definition> {
  return { ...definition, packages: await deps.packages.prepare(definition.steps, before, tell) }
}

function announce(deps: Deps, { accountId, id, key }: Workflow): void {
  deps.notifier.publish({ kind: 'workflow', accountId, workflowId: id, key })
}
