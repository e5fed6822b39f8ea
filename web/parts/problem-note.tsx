/** Why something could not be read, in the server's words, with the way to try again. */
import { ApiProblem } from '../api/client.ts'

type Props = { readonly problem: Error; readonly retry?: () => void }

export function ProblemNote({ problem, retry }: Props) {
  const isOurs = problem instanceof ApiProblem
  return (
    <div className="problem" role="alert">
      <p>{isOurs ? problem.message : `Cannot show this: ${problem.message}`}</p>
      {retry && (
        <button type="button" onClick={retry}>
          Try again
        </button>
      )}
    </div>
  )
}
