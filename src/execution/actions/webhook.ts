/**
 * The webhook Action is code: it compiles to a step that calls `$send.http`. The payload is evaluated
 * once, where the step stands; `undefined` sends nothing and is shown as skipped. Then the other
 * fields are put together, and `$send.http` checks the whole like any other call.
 *
 * The module's first line ends where the payload begins, so an error in the payload has its true line
 * and column there; an error in another field names the field instead.
 */
import type { WebhookStep } from '../../model/workflow.ts'
import { MODULE_END, openScope } from '../code-module.ts'
import type { StepModule } from '../code-module.ts'
import { readPackages } from '../imports.ts'
import type { PackageImport } from '../imports.ts'
import { expressionFault, SourceFault } from '../syntax.ts'
import { isTemplate, parseTemplate } from './template.ts'

type Field = {
  /** An option of `$send.http`, and the name within it where it has several. */
  readonly option: string
  readonly key: string | null
  readonly text: string
}

/** Notes the packages of an expression, and takes their ranges out. */
type Plain = (expression: string) => string

/** Runs in the guest, on the module's first line: user errors are never placed in it. */
const SEND = `
  async function $$send(payload, fields, options) {
    if (payload) {
      options.data = await payload();
      if (options.data === undefined) {
        $send.http({ method: 'POST', url: 'http://skipped.invalid/', data: undefined });
        return;
      }
    }
    const show = (value) =>
      value === undefined || value === null ? ''
      : value instanceof Date ? value.toISOString()
      : typeof value === 'object' ? JSON.stringify(value) : String(value);
    for (const [option, key, parts] of fields) {
      let text;
      try {
        text = (await parts()).map(show).join('');
      } catch (cause) {
        const place = key === null ? option : option + ' ' + key;
        const name = cause?.name ?? 'Error';
        const message = 'in ' + place + ': ' + (cause?.message ?? cause);
        throw Object.assign(new Error(message, { cause }), { name });
      }
      if (key === null) options[option] = text;
      else (options[option] ??= Object.create(null))[key] = text;
    }
    $send.http(options);
  }
`.replaceAll(/\n\s*/g, ' ')

/** Compiles a webhook step. Throws SourceFault naming the field. */
export function webhookModule(step: WebhookStep): StepModule {
  const packages: PackageImport[] = []
  const plain = (expression: string): string => {
    const read = readPackages(expression)
    packages.push(...read.packages)
    return read.plain
  }
  const hasPayload = (step.payload ?? '').trim() !== ''
  const payload = hasPayload ? within('payload', () => compilePayload(step.payload!, plain)) : ''
  const fields = fieldsOf(step).map((field) => compileField(field, plain))
  const before = `${openScope()}${SEND} return $$send(${hasPayload ? 'async () => (' : 'null'}`
  const options = step.retry === undefined ? '{}' : `{ retry: ${JSON.stringify(step.retry)} }`
  const after = `${hasPayload ? `${payload}\n)` : ''}, [\n${fields.join(',\n')}\n], ${options}); }`
  return { source: `${before}${after}${MODULE_END}`, prefix: before.length, packages }
}

function fieldsOf({ method, url, headers, params, auth }: WebhookStep): Field[] {
  const many = (option: string, values: Readonly<Record<string, string>> = {}): Field[] =>
    Object.entries(values).map(([key, text]) => ({ option, key, text }))
  return [
    { option: 'method', key: null, text: method || 'POST' },
    { option: 'url', key: null, text: url },
    ...many('headers', headers),
    ...many('params', params),
    ...many('auth', auth),
  ]
}

function compileField({ option, key, text }: Field, plain: Plain): string {
  const place = key === null ? option : `${option} ${key}`
  return within(place, () => {
    if (key !== null && isTemplate(key)) {
      throw new SourceFault('a name cannot be an expression, only a value can')
    }
    const parts = parseTemplate(text).map((part) => {
      if (part.kind === 'text') return JSON.stringify(part.text)
      return `await (${plain(part.expression)}\n)`
    })
    return `[${JSON.stringify(option)}, ${JSON.stringify(key)}, async () => [${parts.join(', ')}]]`
  })
}

function compilePayload(text: string, plain: Plain): string {
  const fault = expressionFault(text)
  if (fault) throw fault
  return plain(text)
}

/** Names the field that a fault is in. */
function within<Result>(field: string, action: () => Result): Result {
  try {
    return action()
  } catch (error) {
    if (!(error instanceof SourceFault)) throw error
    throw new SourceFault(`in ${field}: ${error.message}`, error.line, error.column)
  }
}
