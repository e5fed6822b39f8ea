/** What this server is and was started with: to be read here, and set where it is started. */
import { useQuery } from '@tanstack/react-query'
import { healthQuery, instanceQuery } from '../api/operations.ts'
import { instanceFacts } from '../model/instance-facts.ts'
import { ProblemNote } from '../parts/problem-note.tsx'
import { Skeleton } from '../parts/skeleton.tsx'

export function InstanceSection({ isAdmin }: { readonly isAdmin: boolean }) {
  const health = useQuery(healthQuery)
  const instance = useQuery({ ...instanceQuery, enabled: isAdmin })
  return (
    <section aria-labelledby="instance">
      <h2 id="instance">This server</h2>
      {health.error && !health.data && <ProblemNote problem={health.error} />}
      {!health.data && !health.error && <Skeleton lines={5} />}
      {health.data && (
        <dl className="facts">
          {instanceFacts(health.data, instance.data).map(({ name, text, about, setting }) => (
            <div key={name}>
              <dt>{name}</dt>
              <dd>
                <p>{text}</p>
                {about !== undefined && <p className="faint">{about}</p>}
                {setting !== undefined && <code className="faint">{setting}</code>}
              </dd>
            </div>
          ))}
        </dl>
      )}
    </section>
  )
}
