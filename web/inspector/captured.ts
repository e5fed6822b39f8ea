/** Whether deliveries that are drawn were only captured, by a dry run. */
import { createContext } from 'react'

export const CapturedContext = createContext(false)
